package dev.millrace.benchmarks.kafka;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Ours, on channels, in the main thread of an application. */
final class ChannelLoop implements Arm {

  private final Ordering ordering;
  private final CancellableContext context = Context.background().withCancel();
  private @Nullable Thread thread;

  ChannelLoop(Ordering ordering) {
    this.ordering = ordering;
  }

  @Override
  public void start(Job job) {
    KafkaLoop<String, byte[]> loop =
        KafkaLoop.<String, byte[]>builder()
            .properties(job.properties())
            .topics(job.topic())
            .ordering(ordering)
            .concurrency(IN_FLIGHT)
            .handler(record -> job.work().handle(record))
            .build();
    thread = Thread.ofPlatform().name("loop").start(() -> run(loop));
  }

  private void run(KafkaLoop<?, ?> loop) {
    try {
      loop.run(context);
    } catch (CancellationException e) {
      // close() ends the loop in this way
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    context.cancel();
    Threads.join(thread);
  }
}
