package dev.millrace.benchmarks.kafka;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** Our loop with a transactional handler: one output for each record. */
final class ExactlyOnceLoop implements Arm {

  private final CancellableContext context = Context.background().withCancel();
  private @Nullable Thread thread;

  /** The topic of the outputs. */
  static String outputs(String topic) {
    return topic + "-outputs";
  }

  @Override
  public void start(Job job) {
    String outputs = outputs(job.topic());
    KafkaLoop<String, byte[]> loop =
        KafkaLoop.<String, byte[]>builder()
            .properties(job.properties())
            .topics(job.topic())
            .ordering(Ordering.KEY)
            .concurrency(IN_FLIGHT)
            .transactionalHandler(
                new StringSerializer(),
                new ByteArraySerializer(),
                (record, output) -> {
                  output.send(new ProducerRecord<>(outputs, record.key(), record.value()));
                  job.work().handle(record);
                })
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
