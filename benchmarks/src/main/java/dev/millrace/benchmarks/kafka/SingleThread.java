package dev.millrace.benchmarks.kafka;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;

/** The textbook loop: poll, handle one record after the other, commit. */
final class SingleThread implements Arm {

  private volatile boolean closed;
  private @Nullable Thread thread;

  @Override
  public void start(Job job) {
    thread = Thread.ofPlatform().name("poll").start(() -> run(job));
  }

  private void run(Job job) {
    Map<String, Object> properties = job.properties();
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    try (var consumer = new KafkaConsumer<String, byte[]>(properties)) {
      consumer.subscribe(List.of(job.topic()));
      while (!closed) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          if (closed) {
            return;
          }
          job.work().handle(record);
        }
        consumer.commitAsync();
      }
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
