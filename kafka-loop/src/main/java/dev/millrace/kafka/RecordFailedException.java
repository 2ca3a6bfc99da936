package dev.millrace.kafka;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Tells that an attempt to handle a record, or to put it into the dead letters, has failed and will
 * be repeated; the cause is what was thrown.
 */
public final class RecordFailedException extends Exception {

  private static final long serialVersionUID = 1L;

  /** The stage of a record that the dead letters did not take. */
  public static final String DEAD_LETTER = "dead-letter";

  /** Names the record, but shows nothing of it. */
  public RecordFailedException(
      ConsumerRecord<?, ?> record, String what, int attempt, String next, Throwable cause) {
    super(
        "attempt %d to %s the record of %s-%d at offset %d failed, %s: %s"
            .formatted(
                attempt, what, record.topic(), record.partition(), record.offset(), next, cause),
        cause);
  }
}
