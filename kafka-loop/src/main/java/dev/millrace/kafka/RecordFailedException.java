package dev.millrace.kafka;

import dev.millrace.kafka.internal.report.Brief;
import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Tells that an attempt to handle a record, or to put it into the dead letters, has failed; the
 * cause is what was thrown. The message names the record and says what happens next, on one line.
 * It shows nothing of the record. Immutable, but for what every exception has.
 */
public final class RecordFailedException extends Exception {

  private static final long serialVersionUID = 1L;

  /** The stage of a record that the dead letters did not take. */
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
   * An attempt that is repeated.
   *
   * @param what was attempted, such as {@link DeadLetter#HANDLE}
   * @param delay until the next attempt
   */
  public static RecordFailedException repeated(
      ConsumerRecord<?, ?> record, String what, int attempt, Duration delay, Throwable cause) {
    return repeated(record, what, attempt, delay, "", cause);
  }

  /**
   * An attempt that is repeated.
   *
   * @param what was attempted, such as {@link #DEAD_LETTER}
   * @param delay until the next attempt
   * @param hint what to do about it; follows the delay in the message
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
   * An attempt that is not repeated.
   *
   * @param what was attempted, such as {@link DeadLetter#HANDLE}
   * @param then what becomes of the record
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
   * @param then what becomes of the record
   * @param second what the rule has thrown; suppressed in this exception
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

  /** Whether it was the last attempt at this. */
  public boolean isLast() {
    return last;
  }
}
