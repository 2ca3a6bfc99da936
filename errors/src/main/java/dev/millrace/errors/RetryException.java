package dev.millrace.errors;

import java.util.List;

/**
 * Says that a function was tried more than once and has failed for good.
 *
 * <p>It carries the number of attempts to {@link Failure#of}, which takes it apart again: a failure
 * that is reported has that number and the cause of the last attempt, and no trace of this
 * exception. Retries within retries throw one with the sum of the attempts.
 *
 * <p>Immutable, except for {@code addSuppressed}, which every throwable has; thread-safe.
 */
public final class RetryException extends NotedException {

  private static final long serialVersionUID = 1L;

  private final int attempts;

  /**
   * Gave up after that many attempts.
   *
   * @param attempts how often the function was called, from 1
   * @param cause what the last attempt threw; of a {@link NotedException} its cause and its notes
   */
  public RetryException(int attempts, Throwable cause) {
    this(attempts, cause, List.of());
  }

  /**
   * Gave up after that many attempts, with notes.
   *
   * @param attempts how often the function was called, from 1
   * @param cause what the last attempt threw; of a {@link NotedException} its cause and its notes
   * @param notes what else there is to say, for example the failures of other attempts
   */
  public RetryException(int attempts, Throwable cause, List<? extends Throwable> notes) {
    super(cause, notes, true);
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts must be at least 1, but are " + attempts);
    }
    this.attempts = attempts;
  }

  /** How often the function was called. */
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
