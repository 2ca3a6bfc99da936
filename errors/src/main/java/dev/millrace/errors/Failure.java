package dev.millrace.errors;

import java.time.Instant;
import java.util.Objects;

/**
 * An element that a stage could not process: the value of the error channel.
 *
 * <p>A failure is immutable, and as safe for use by several threads as its element is.
 *
 * @param stage the name of the stage that failed
 * @param element the element as it entered the stage
 * @param attempt the attempt that failed last, from 1
 * @param cause what the stage's function threw
 * @param time when it was thrown
 * @param <I> the type of the elements that enter the stage
 */
public record Failure<I>(String stage, I element, int attempt, Throwable cause, Instant time) {

  /** Checks the parts; see {@link #of} for the common case. */
  public Failure {
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(element, "element");
    Objects.requireNonNull(cause, "cause");
    Objects.requireNonNull(time, "time");
    if (attempt < 1) {
      throw new IllegalArgumentException("attempt must be at least 1, but is " + attempt);
    }
  }

  /**
   * A failure, now: of the first attempt, or of the last one if {@code thrown} is a {@link
   * RetryException}, with the cause of that.
   *
   * @param thrown what the stage's function threw
   */
  public static <I> Failure<I> of(String stage, I element, Throwable thrown) {
    return thrown instanceof RetryException retry
        ? new Failure<>(stage, element, retry.attempts(), retry.getCause(), Instant.now())
        : new Failure<>(stage, element, 1, thrown, Instant.now());
  }

  /** Says which stage failed on what and why, on one line. */
  @Override
  public String toString() {
    return "stage '%s' failed on %s (attempt %d): %s".formatted(stage, element, attempt, cause);
  }
}
