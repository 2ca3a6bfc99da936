package dev.millrace.benchmarks.kafka;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/** Ours over Reactor Kafka's receiver, with handlers that may block. */
final class ReactorLoop implements Arm {

  private final Ordering ordering;
  private @Nullable Disposable run;

  ReactorLoop(Ordering ordering) {
    this.ordering = ordering;
  }

  @Override
  public void start(Job job) {
    run =
        ReactorKafkaLoop.<String, byte[]>builder()
            .properties(job.properties())
            .topics(job.topic())
            .ordering(ordering)
            .concurrency(IN_FLIGHT)
            .blockingHandler(record -> job.work().handle(record))
            .build()
            .run()
            .subscribe();
  }

  @Override
  public void close() {
    Objects.requireNonNull(run).dispose();
  }
}
