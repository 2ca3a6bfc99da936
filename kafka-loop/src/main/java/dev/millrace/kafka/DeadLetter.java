package dev.millrace.kafka;

import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A record that could not be handled. Immutable, if nobody changes the bytes.
 *
 * @param record the record as it was sent
 * @param stage what failed: {@value #DESERIALIZE} or {@value #HANDLE}
 * @param attempts how often it was tried, from 1
 * @param cause what the last attempt threw
 */
public record DeadLetter(
    ConsumerRecord<byte[], byte[]> record, String stage, int attempts, Throwable cause) {

  /** The stage of a record whose key or value can not be deserialized. */
  public static final String DESERIALIZE = "deserialize";

  /** The stage of a record that the handler failed on. */
  public static final String HANDLE = "handle";

  /** Checks the parts. */
  public DeadLetter {
    Objects.requireNonNull(record, "record");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(cause, "cause");
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts count from 1, but this is " + attempts);
    }
  }

  /** Says where it came from and why it failed, on one line, but shows nothing of the record. */
  @Override
  public String toString() {
    return "%s-%d at offset %d: '%s' failed after %d attempts: %s"
        .formatted(record.topic(), record.partition(), record.offset(), stage, attempts, cause);
  }
}
