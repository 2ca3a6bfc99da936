package dev.millrace.benchmarks.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** A single thread that polls, and commits the outputs of each poll in one transaction. */
final class TextbookTransactions implements Arm {

  private volatile boolean closed;
  private @Nullable Thread thread;

  @Override
  public void start(Job job) {
    thread = Thread.ofPlatform().name("transactions").start(() -> run(job));
  }

  private void run(Job job) {
    String outputs = ExactlyOnceLoop.outputs(job.topic());
    Map<String, Object> properties = new HashMap<>(job.properties());
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    try (var producer =
            new KafkaProducer<>(
                Map.of(
                    ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                    job.bootstrapServers(),
                    ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                    job.group()),
                new StringSerializer(),
                new ByteArraySerializer());
        var consumer = new KafkaConsumer<String, byte[]>(properties)) {
      producer.initTransactions();
      consumer.subscribe(List.of(job.topic()));
      while (!closed) {
        ConsumerRecords<String, byte[]> records = consumer.poll(Duration.ofMillis(100));
        if (records.isEmpty()) {
          continue;
        }
        producer.beginTransaction();
        for (ConsumerRecord<String, byte[]> record : records) {
          var _ = producer.send(new ProducerRecord<>(outputs, record.key(), record.value()));
          job.work().handle(record);
        }
        producer.sendOffsetsToTransaction(records.nextOffsets(), consumer.groupMetadata());
        producer.commitTransaction();
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
