package dev.millrace.kafka.internal;

import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * What was produced for a record, and is to be committed with it.
 *
 * @param source the record as it was sent
 * @param records what to send
 * @param isLetter whether that is because the source is a dead letter
 */
public record Produced(
    ConsumerRecord<byte[], byte[]> source,
    List<ProducerRecord<byte[], byte[]>> records,
    boolean isLetter) {

  /** How many bytes it keeps alive. */
  long bytes() {
    long bytes = length(source.key()) + length(source.value());
    for (ProducerRecord<byte[], byte[]> record : records) {
      bytes += length(record.key()) + length(record.value());
    }
    return bytes;
  }

  private static long length(byte @Nullable [] part) {
    return part == null ? 0 : part.length;
  }

  /** Names the source, but shows nothing of it. */
  @Override
  public String toString() {
    return "%d records for that of %s-%d at offset %d"
        .formatted(records.size(), source.topic(), source.partition(), source.offset());
  }
}
