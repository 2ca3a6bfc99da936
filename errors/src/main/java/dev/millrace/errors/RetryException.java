package dev.millrace.errors;

import java.util.List;

/**
 * Says that a function was tried more than once and has failed for good.
 *
 * <p>This exception carries the number of attempts to {@link Failure#of}. The reported failure has
 * that number and the cause of the last attempt; this exception is no longer in it. Retries within
 * retries throw one exception with the sum of the attempts.
 *
 * <p>Immutable, except for {@code addSuppressed}, which every throwable has; thread-safe.
 */
public final class RetryException extends NotedException {

  private static final long serialVersionUID = 1L;

  private final int attempts;

  /**
   * Gave up after a number of attempts.
   *
   * @param attempts the number of calls of the function, from 1
   * @param cause the exception of the last attempt. Of a {@link NotedException}, its cause and
   *     notes are used
   */
  public RetryException(int attempts, Throwable cause) {
    this(attempts, cause, List.of());
  }

  /**
   * Gave up after a number of attempts, with notes.
   *
   * @param attempts the number of calls of the function, from 1
   * @param cause the exception of the last attempt. Of a {@link NotedException}, its cause and
   *     notes are used
   * @param notes more about the failure, for example the failures of other attempts
   */
  public RetryException(int attempts, Throwable cause, List<? extends Throwable> notes) {
    super(cause, notes, true);
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts must be at least 1, but are " + attempts);
    }
    this.attempts = attempts;
  }

  /** The number of calls of the function. */
  public int attempts() {
    return attempts;
  }

  /** Names the number of attempts and the cause. */
  @Override
  public String getMessage() {
    return "gave up after %d %s: %s"
        .formatted(attempts, attempts == 1 ? "attempt" : "attempts", getCause());
  }
}
