package dev.millrace.testkit.chaos;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a topic as it is now, without a group. */
final class TopicReader implements LogLookup, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(TopicReader.class);

  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration ANSWER = Duration.ofSeconds(20);
  private static final Duration OPEN = Duration.ofSeconds(30);
  private static final String COMMITTED = "read_committed";

  private final String bootstrapServers;
  private final String topic;
  private @Nullable KafkaConsumer<byte[], byte[]> lookups;

  TopicReader(String bootstrapServers, String topic) {
    this.bootstrapServers = bootstrapServers;
    this.topic = topic;
  }

  private KafkaConsumer<byte[], byte[]> consumer(String isolation) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", bootstrapServers);
    properties.put("client.id", "reader");
    properties.put("isolation.level", isolation);
    properties.put("auto.offset.reset", "earliest");
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** Not thread-safe. */
  @Override
  public long firstFrom(int partition, long offset) {
    var name = new TopicPartition(topic, partition);
    KafkaConsumer<byte[], byte[]> consumer = lookups;
    if (consumer == null) {
      consumer = consumer(COMMITTED);
      lookups = consumer;
    }
    consumer.assign(List.of(name));
    while (true) {
      try {
        consumer.seek(name, offset);
        long end = Objects.requireNonNull(consumer.endOffsets(List.of(name), ANSWER).get(name));
        while (consumer.position(name, ANSWER) < end) {
          ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
          if (!records.isEmpty()) {
            return records.iterator().next().offset();
          }
        }
        return Long.MAX_VALUE;
      } catch (TimeoutException e) {
        LOG.debug("the broker does not answer, and is asked again", e); // it will be back
      }
    }
  }

  @Override
  public void close() {
    if (lookups != null) {
      lookups.close();
    }
  }

  /** Reads all records from the beginning to the end. The end must not move meanwhile. */
  Map<Integer, Long> readAll(Consumer<ConsumerRecord<byte[], byte[]>> each) {
    Map<Integer, Long> result = new HashMap<>();
    try (var consumer = consumer(COMMITTED)) {
      List<TopicPartition> names = names(consumer);
      consumer.assign(names);
      consumer.seekToBeginning(names);
      Map<TopicPartition, Long> ends = consumer.endOffsets(names, ANSWER);
      while (!isAt(consumer, ends, names)) {
        consumer.poll(POLL).forEach(each);
      }
      ends.forEach((name, end) -> result.put(name.partition(), end));
    }
    return result;
  }

  private List<TopicPartition> names(KafkaConsumer<?, ?> consumer) {
    return consumer.partitionsFor(topic, ANSWER).stream()
        .map(info -> new TopicPartition(topic, info.partition()))
        .toList();
  }

  /** Waits until all transactions are committed or aborted. */
  void awaitNoOpenTransaction() throws InterruptedException {
    long deadline = System.nanoTime() + OPEN.toNanos();
    try (var committed = consumer(COMMITTED);
        var all = consumer("read_uncommitted")) {
      List<TopicPartition> names = names(all);
      while (!committed.endOffsets(names, ANSWER).equals(all.endOffsets(names, ANSWER))) {
        if (System.nanoTime() - deadline > 0) {
          throw new IllegalStateException(
              "a transaction of %s is open for %d s".formatted(topic, OPEN.toSeconds()));
        }
        Thread.sleep(100); // there is nothing to be notified by
      }
    }
  }

  private static boolean isAt(
      KafkaConsumer<?, ?> consumer,
      Map<TopicPartition, Long> ends,
      Collection<TopicPartition> names) {
    return names.stream()
        .allMatch(name -> consumer.position(name, ANSWER) >= ends.getOrDefault(name, 0L));
  }
}
