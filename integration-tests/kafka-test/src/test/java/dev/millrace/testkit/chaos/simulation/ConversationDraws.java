package dev.millrace.testkit.chaos.simulation;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** The choices of a conversation: its seed decides all of them, in the order of the calls. */
final class ConversationDraws {

  final SplittableRandom random;
  final Conversation.Place place;
  final List<TopicPartition> partitions;

  /** Members wait for the reset of their consumers, and do not seek. */
  final boolean isLazy;

  /** Members read only records of committed transactions. */
  final boolean committedOnly;

  /** The most records that a poll returns. */
  final int mostRecords;

  private int numbers;

  ConversationDraws(long seed, Conversation.Place place) {
    this.random = new SplittableRandom(seed);
    this.place = place;
    // The newer consumer may report a missing offset once more when it has been sought.
    this.isLazy = random.nextInt(4) == 0 && !place.protocol().equals("CONSUMER");
    this.committedOnly = random.nextInt(3) > 0;
    this.mostRecords = 1 + random.nextInt(5);
    this.partitions =
        IntStream.range(0, Conversation.PARTITIONS)
            .mapToObj(i -> new TopicPartition(place.topic(), i))
            .toList();
  }

  /** A number that no call of this conversation has had. */
  int next() {
    return ++numbers;
  }

  TopicPartition partition() {
    return partitions.get(random.nextInt(Conversation.PARTITIONS));
  }

  /** A partition that does not exist. */
  TopicPartition nowhere() {
    return random.nextBoolean()
        ? new TopicPartition("nowhere", 0)
        : new TopicPartition(place.topic(), Conversation.PARTITIONS + 4);
  }

  /** An offset to commit. */
  OffsetAndMetadata offset() {
    return new OffsetAndMetadata(
        random.nextInt(15), Optional.empty(), random.nextBoolean() ? "" : "m" + next());
  }

  /** A record with a value of its own. */
  ProducerRecord<byte[], byte[]> record(TopicPartition name) {
    byte[] value = ("v" + next()).getBytes(StandardCharsets.UTF_8);
    return new ProducerRecord<>(name.topic(), name.partition(), null, value);
  }

  /** A new producer; more properties may be given. */
  Producer<byte[], byte[]> producer(Map<String, String> more) {
    Map<String, String> properties = new TreeMap<>(more);
    properties.put("max.block.ms", "10000");
    properties.put("transaction.timeout.ms", "60000");
    return place.producer(properties);
  }
}
