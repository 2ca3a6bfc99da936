package dev.millrace.testkit.chaos;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads a topic as it is now, with no group. */
final class TopicReader implements LogLookup {

  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration ANSWER = Duration.ofSeconds(20);

  private final String bootstrapServers;
  private final String topic;

  TopicReader(String bootstrapServers, String topic) {
    this.bootstrapServers = bootstrapServers;
    this.topic = topic;
  }

  private KafkaConsumer<byte[], byte[]> consumer() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", bootstrapServers);
    properties.put("client.id", "reader");
    properties.put("isolation.level", "read_committed");
    properties.put("auto.offset.reset", "earliest");
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  @Override
  public boolean holds(int partition, long offset) {
    var name = new TopicPartition(topic, partition);
    long deadline = System.nanoTime() + ANSWER.toNanos();
    try (var consumer = consumer()) {
      consumer.assign(List.of(name));
      consumer.seek(name, offset);
      while (System.nanoTime() < deadline) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        if (!records.isEmpty()) {
          return records.iterator().next().offset() == offset;
        }
        if (consumer.position(name, ANSWER) > offset) {
          return false; // nothing but gaps from there on
        }
      }
    }
    return true; // who does not answer excuses nothing
  }

  /** Reads all that there is from the beginning to the end, which must not move. */
  Map<Integer, Long> readAll(Consumer<ConsumerRecord<byte[], byte[]>> each) {
    Map<Integer, Long> result = new HashMap<>();
    try (var consumer = consumer()) {
      List<TopicPartition> names =
          consumer.partitionsFor(topic, ANSWER).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
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

  private static boolean isAt(
      KafkaConsumer<?, ?> consumer,
      Map<TopicPartition, Long> ends,
      Collection<TopicPartition> names) {
    return names.stream()
        .allMatch(name -> consumer.position(name, ANSWER) >= ends.getOrDefault(name, 0L));
  }
}
