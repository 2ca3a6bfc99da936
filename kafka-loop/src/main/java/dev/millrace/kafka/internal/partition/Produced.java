package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.DeadLetter;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * What was produced for a record, and is to be committed with it.
 *
 * @param source the record as it was sent
 * @param records what to send
 * @param letter what the source has become, if it is a dead letter; null if it was handled
 */
public record Produced(
    ConsumerRecord<byte[], byte[]> source,
    List<ProducerRecord<byte[], byte[]>> records,
    @Nullable DeadLetter letter) {

  public boolean isLetter() {
    return letter != null;
  }

  /** How many bytes it keeps alive, as {@link RecordSize} estimates. */
  long bytes() {
    long bytes = RecordSize.of(source.key(), source.value(), source.headers());
    for (ProducerRecord<byte[], byte[]> record : records) {
      bytes += RecordSize.of(record.key(), record.value(), record.headers());
    }
    return bytes;
  }

  /** Names the source, but shows nothing of it. */
  @Override
  public String toString() {
    return "%d records for that of %s-%d at offset %d"
        .formatted(records.size(), source.topic(), source.partition(), source.offset());
  }
}
