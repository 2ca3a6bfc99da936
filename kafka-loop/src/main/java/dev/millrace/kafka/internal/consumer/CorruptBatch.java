package dev.millrace.kafka.internal.consumer;

import dev.millrace.errors.Causes;
import dev.millrace.kafka.CorruptRecords;
import dev.millrace.kafka.internal.serde.UnreadableException;
import dev.millrace.kafka.internal.text.Brief;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A batch that a consumer has fetched and cannot read, and where it stands.
 *
 * @param offset of the first record that cannot be read
 */
/*
 * Kafka's consumer reports a corrupt batch with a plain KafkaException. Only its text names the
 * partition. So the text is matched against the four forms of the client (CompletedFetch,
 * FetchCollector). An exception with another text, or with a partition that is not assigned, stops
 * the consumer. The offset is the position of the consumer: the first record that was not
 * delivered.
 */
record CorruptBatch(TopicPartition partition, long offset, KafkaException cause) {

  private static final Pattern TEXT =
      Pattern.compile(
          "Record(?: batch)? for partition (\\S+) at offset \\d+ is invalid.*"
              + "|Received exception when fetching the next record from (\\S+)\\. If needed.*"
              + "|Encountered corrupt message when fetching offset \\d+ for topic-partition (\\S+)",
          Pattern.DOTALL);

  /**
   * The corrupt batch that a poll failed on; null if the failure has another cause. For the poll
   * thread.
   */
  static @Nullable CorruptBatch of(KafkaException failure, Consumer<?, ?> consumer) {
    for (Throwable one : Causes.chain(failure)) {
      Matcher matcher = TEXT.matcher(Brief.message(one, 1000));
      if (matcher.matches()) {
        for (TopicPartition known : consumer.assignment()) {
          if (known.toString().equals(name(matcher))) {
            return new CorruptBatch(known, consumer.position(known), failure);
          }
        }
      }
    }
    return null;
  }

  private static @Nullable String name(Matcher matcher) {
    for (int i = 1; i <= matcher.groupCount(); i++) {
      if (matcher.group(i) != null) {
        return matcher.group(i);
      }
    }
    return null;
  }

  /** The failure of the record. */
  UnreadableException failure() {
    return new UnreadableException(partition, offset, cause);
  }

  /** The failure that stops the consumer. */
  KafkaException stop() {
    return new KafkaException(
        ("the record of %s at offset %d cannot be read, as its batch is corrupt: look at the disk"
                + " of its leader. To go on behind it, commit offset %d for the group, or set"
                + " corruptRecords(%s): %s")
            .formatted(
                partition, offset, offset + 1, CorruptRecords.FAIL, Brief.of(Causes.root(cause))),
        cause);
  }
}
