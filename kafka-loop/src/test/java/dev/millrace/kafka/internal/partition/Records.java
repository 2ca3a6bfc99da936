package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.Message;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.serde.Deserialization;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;

/** Creates records and partitions for the tests of the internal packages. */
public final class Records {

  public static final TopicPartition NAME = new TopicPartition("orders", 0);

  private Records() {}

  public static Partition<String, String> partition(Ordering ordering) {
    return new Partition<>(
        NAME,
        ordering,
        new Deserialization<>(new StringDeserializer(), new StringDeserializer()),
        () -> {});
  }

  public static ConsumerRecord<byte[], byte[]> record(long offset, @Nullable String key) {
    return new ConsumerRecord<>(
        NAME.topic(),
        NAME.partition(),
        offset,
        key == null ? null : key.getBytes(StandardCharsets.UTF_8),
        ("v" + offset).getBytes(StandardCharsets.UTF_8));
  }

  public static void add(Partition<?, ?> partition, long... offsets) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (long offset : offsets) {
      records.add(record(offset, "k"));
    }
    partition.add(records, records.getLast().offset() + 1);
  }

  public static Message<String, String> take(Partition<String, String> partition) {
    return Objects.requireNonNull(partition.take());
  }

  public static List<Message<String, String>> takeAll(Partition<String, String> partition) {
    List<Message<String, String>> messages = new ArrayList<>();
    for (Message<String, String> message; (message = partition.take()) != null; ) {
      messages.add(message);
    }
    return messages;
  }
}
