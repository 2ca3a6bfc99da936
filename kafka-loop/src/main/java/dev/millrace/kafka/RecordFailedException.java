package dev.millrace.kafka;

import dev.millrace.kafka.internal.text.Brief;
import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A failed attempt to handle a record, or to send it to the dead letters. The cause is the
 * exception of the attempt. The message names the record and the next step, on one line, and shows
 * no content of the record. Thread-safe.
 */
public final class RecordFailedException extends Exception {

  private static final long serialVersionUID = 1L;

  /** The stage of a record that the dead letters did not accept. */
  public static final String DEAD_LETTER = "dead-letter";

  private final boolean last;

  private RecordFailedException(
      ConsumerRecord<?, ?> record,
      String what,
      int attempt,
      String next,
      Throwable cause,
      @Nullable Throwable second,
      boolean last) {
    super(
        "attempt %d to %s the record of %s-%d at offset %d failed, %s: %s"
            .formatted(
                attempt,
                what,
                record.topic(),
                record.partition(),
                record.offset(),
                next,
                Brief.of(cause)),
        cause,
        true,
        false); // the trace of the cause says where it was
    if (second != null && second != cause) {
      addSuppressed(second);
    }
    this.last = last;
  }

  /**
   * An attempt that will be repeated.
   *
   * @param what the step that was attempted, such as {@link DeadLetter#HANDLE}
   * @param delay the time until the next attempt
   */
  public static RecordFailedException repeated(
      ConsumerRecord<?, ?> record, String what, int attempt, Duration delay, Throwable cause) {
    return repeated(record, what, attempt, delay, "", cause);
  }

  /**
   * An attempt that will be repeated.
   *
   * @param what the step that was attempted, such as {@link #DEAD_LETTER}
   * @param delay the time until the next attempt
   * @param hint the remedy; follows the delay in the message
   */
  public static RecordFailedException repeated(
      ConsumerRecord<?, ?> record,
      String what,
      int attempt,
      Duration delay,
      String hint,
      Throwable cause) {
    String next = "the next is in " + delay.toMillis() + " ms" + hint;
    return new RecordFailedException(record, what, attempt, next, cause, null, false);
  }

  /**
   * An attempt that will not be repeated.
   *
   * @param what the step that was attempted, such as {@link DeadLetter#HANDLE}
   * @param then the consequence for the record
   */
  public static RecordFailedException last(
      ConsumerRecord<?, ?> record, String what, int attempt, String then, Throwable cause) {
    return new RecordFailedException(record, what, attempt, then, cause, null, true);
  }

  /**
   * An attempt that is not repeated, because a rule of the application about its failure has thrown
   * too.
   *
   * @param what was attempted, such as {@link DeadLetter#HANDLE}
   * @param then the next step of the record
   * @param second the exception of the rule; suppressed in this exception
   */
  public static RecordFailedException last(
      ConsumerRecord<?, ?> record,
      String what,
      int attempt,
      String then,
      Throwable cause,
      Throwable second) {
    return new RecordFailedException(record, what, attempt, then, cause, second, true);
  }

  /** Whether this was the last attempt. */
  public boolean isLast() {
    return last;
  }
}
