package dev.millrace.kafka.reactor;

import dev.millrace.kafka.TransactionalHandler;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Turns blocking functions into publishers. */
final class Publishers {

  private Publishers() {}

  /** The outputs of a handler, after its end. */
  static <K, V, A, B> Function<ConsumerRecord<K, V>, Flux<ProducerRecord<A, B>>> of(
      TransactionalHandler<K, V, A, B> handler) {
    return record ->
        Flux.defer(
            () -> {
              List<ProducerRecord<A, B>> output = Collections.synchronizedList(new ArrayList<>());
              return of(() -> handler.handle(record, output::add))
                  .thenMany(Flux.defer(() -> Flux.fromIterable(output)));
            });
  }

  /** A step that may block. */
  @FunctionalInterface
  interface Step {
    void run() throws Exception;
  }

  /** Runs the step in a thread of its own. A cancellation interrupts it. */
  static Mono<Void> of(Step step) {
    return Mono.create(
        sink -> {
          Thread thread =
              Thread.ofVirtual()
                  .unstarted(
                      () -> {
                        try {
                          step.run();
                          sink.success();
                        } catch (Throwable e) {
                          sink.error(e);
                        }
                      });
          sink.onCancel(thread::interrupt);
          thread.start();
        });
  }
}
