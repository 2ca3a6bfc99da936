package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.DeadLetter;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The outputs of a record, which are committed with it.
 *
 * @param source the source record
 * @param records the records to send
 * @param letter the dead letter of the source; null if the source was handled
 */
public record Produced(
    ConsumerRecord<byte[], byte[]> source,
    List<ProducerRecord<byte[], byte[]>> records,
    @Nullable DeadLetter letter) {

  public boolean isLetter() {
    return letter != null;
  }

  /** The bytes of heap that it holds, as {@link RecordSize} estimates them. */
  long bytes() {
    long bytes = RecordSize.of(source.key(), source.value(), source.headers());
    for (ProducerRecord<byte[], byte[]> record : records) {
      bytes += RecordSize.of(record.key(), record.value(), record.headers());
    }
    return bytes;
  }

  /** Names the source, without its content. */
  @Override
  public String toString() {
    return "%d records for that of %s-%d at offset %d"
        .formatted(records.size(), source.topic(), source.partition(), source.offset());
  }
}
