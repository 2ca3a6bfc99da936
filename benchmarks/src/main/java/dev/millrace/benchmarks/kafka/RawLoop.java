package dev.millrace.benchmarks.kafka;

import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The upper limit: a thread polls, and starts a virtual thread for each record. The number of
 * threads has no bound, Kafka commits records that are not handled yet, and no order is kept.
 */
final class RawLoop implements Arm {

  private volatile boolean closed;
  private @Nullable Thread thread;

  @Override
  public void start(Job job) {
    thread = Thread.ofPlatform().name("poll").start(() -> run(job));
  }

  private void run(Job job) {
    try (var consumer = new KafkaConsumer<String, byte[]>(job.properties())) {
      consumer.subscribe(List.of(job.topic()));
      while (!closed) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          Thread.startVirtualThread(() -> handle(job, record));
        }
      }
    }
  }

  private static void handle(Job job, ConsumerRecord<String, byte[]> record) {
    try {
      job.work().handle(record);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    closed = true;
    Threads.join(thread);
  }
}
