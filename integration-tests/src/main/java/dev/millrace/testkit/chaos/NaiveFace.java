package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * The usual first version of a loop, with its defects: poll, hand over, commit the polled records.
 * The oracle must find them.
 */
final class NaiveFace implements Face, ConsumerRebalanceListener {

  private final Worker worker;
  private final Defect defect;
  private final Map<TopicPartition, Long> epochs = new HashMap<>();
  private final AtomicLong polls = new AtomicLong();
  private long epoch;

  NaiveFace(Worker worker) {
    this.worker = worker;
    this.defect = worker.defect();
  }

  @Override
  public int run() {
    Map<String, Object> properties = worker.consumerProperties();
    properties.put("enable.auto.commit", "false");
    properties.put("auto.offset.reset", "earliest");
    properties.put("key.deserializer", StringDeserializer.class);
    properties.put("value.deserializer", StringDeserializer.class);
    try (var consumer = new KafkaConsumer<String, String>(properties);
        ExecutorService handlers =
            Executors.newFixedThreadPool(worker.settings.number("concurrency"))) {
      consumer.subscribe(List.of(worker.settings.text("topic")), this);
      while (true) { // until the process is killed
        poll(consumer, handlers);
      }
    }
  }

  private void poll(KafkaConsumer<String, String> consumer, ExecutorService handlers) {
    ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(100));
    for (ConsumerRecord<String, String> record : records) {
      if (defect == Defect.COMMITS_AHEAD) {
        handlers.execute(() -> handleIfOwned(record));
      } else {
        handle(record);
      }
    }
    if (records.isEmpty()) {
      return;
    }
    try {
      consumer.commitSync(records.nextOffsets());
    } catch (RebalanceInProgressException | CommitFailedException e) {
      return; // the group changes: that is not one of its defects
    }
    if (defect == Defect.STOPS_POLLING && polls.incrementAndGet() > 5) {
      pause(Duration.ofMinutes(1));
    }
    if (defect == Defect.COMMITS_BACK && polls.incrementAndGet() > 5) {
      Map<TopicPartition, OffsetAndMetadata> back = new HashMap<>();
      records.nextOffsets().forEach((name, next) -> back.put(name, new OffsetAndMetadata(1)));
      consumer.commitSync(back);
      pause(Duration.ofSeconds(2));
    }
  }

  private void handle(ConsumerRecord<String, String> record) {
    worker.started(record);
    worker.ended(record);
  }

  /**
   * Handles the record unless its partition is revoked: ignoring revokes is not one of its defects.
   */
  private void handleIfOwned(ConsumerRecord<String, String> record) {
    synchronized (epochs) { // a revoke comes before the start, or after it
      if (!epochs.containsKey(new TopicPartition(record.topic(), record.partition()))) {
        return;
      }
      worker.started(record);
    }
    pause(Duration.ofMillis(20));
    worker.ended(record);
  }

  private static void pause(Duration time) {
    try {
      TimeUnit.NANOSECONDS.sleep(time.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // no thread interrupts this one
    }
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> names) {
    synchronized (epochs) {
      for (TopicPartition name : names) {
        epochs.put(name, ++epoch);
        worker.log.partition(Kind.ASSIGNED, name.partition(), -1, epoch);
      }
    }
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> names) {
    synchronized (epochs) {
      for (TopicPartition name : names) {
        Long released = epochs.remove(name);
        worker.log.partition(Kind.RELEASED, name.partition(), 0, released == null ? -1 : released);
      }
    }
  }
}
