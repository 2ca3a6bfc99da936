package dev.millrace.errors;

import java.util.Objects;

/**
 * Says that a function was tried more than once and has failed for good.
 *
 * <p>It carries the number of attempts to {@link Failure#of}, which takes it apart again: a failure
 * that is reported has that number and the cause of the last attempt, and no trace of this
 * exception. What is thrown by retries within retries carries the sum.
 *
 * <p>Immutable, but for what every throwable can be given.
 */
public final class RetryException extends Exception {

  private static final long serialVersionUID = 1L;

  private final int attempts;

  /**
   * Gave up after that many attempts.
   *
   * @param attempts how often the function was called, from 1
   * @param cause what the last attempt threw
   */
  public RetryException(int attempts, Throwable cause) {
    super(
        "gave up after %d attempts: %s".formatted(attempts, cause),
        Objects.requireNonNull(cause, "cause"));
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts must be at least 1, but are " + attempts);
    }
    this.attempts = attempts;
  }

  /** How often the function was called. */
  public int attempts() {
    return attempts;
  }

  /** What the last attempt threw; never null. */
  @Override
  public synchronized Throwable getCause() {
    return Objects.requireNonNull(super.getCause());
  }
}
