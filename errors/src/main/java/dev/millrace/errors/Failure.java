package dev.millrace.errors;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;

/**
 * An element that a stage could not process: the value of the error channel.
 *
 * <p>Immutable, and thread-safe if its element is.
 *
 * @param stage the name of the stage that failed
 * @param element the element as it entered the stage
 * @param attempt the attempt that failed last, from 1
 * @param cause the exception of the stage's function, as it was thrown: the library adds nothing to
 *     it
 * @param time the time at which the cause was thrown
 * @param notes more facts about this failure, for example a {@link Note} or the failures of other
 *     attempts; an unmodifiable list
 * @param <I> the type of the elements that enter the stage
 */
public record Failure<I>(
    String stage, I element, int attempt, Throwable cause, Instant time, List<Throwable> notes) {

  /** Checks the parts; see {@link #of} for the common case. */
  public Failure {
    notes = List.copyOf(notes);
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(element, "element");
    Objects.requireNonNull(cause, "cause");
    Objects.requireNonNull(time, "time");
    if (attempt < 1) {
      throw new IllegalArgumentException("attempt must be at least 1, but is " + attempt);
    }
  }

  /** A failure without notes. */
  public Failure(String stage, I element, int attempt, Throwable cause, Instant time) {
    this(stage, element, attempt, cause, time, List.of());
  }

  /**
   * A failure at this moment. A {@link NotedException} gives its cause and its notes, and a {@link
   * RetryException} also its number of attempts. Any other exception is the cause of a first
   * attempt. If the element is a {@link Carrier}, the failure names the element that it carries.
   *
   * @param thrown the exception of the stage's function
   */
  @SuppressWarnings("unchecked") // the user knows the type of the carried element
  public static <I> Failure<I> of(String stage, I element, Throwable thrown) {
    int attempts = thrown instanceof RetryException retry ? retry.attempts() : 1;
    return new Failure<>(
        stage,
        (I) Carrier.unwrap(element),
        attempts,
        NotedException.bare(thrown),
        Instant.now(),
        NotedException.notes(thrown));
  }

  /**
   * The failure as a new exception, for a call that ends because of it. Its message is {@link
   * #toString}, its cause is the {@link #cause}, and the {@link #notes} are its suppressed
   * exceptions.
   */
  public ExecutionException toException() {
    var exception = new ExecutionException(toString(), cause);
    notes.forEach(exception::addSuppressed);
    return exception;
  }

  /** The code of the cause, for readers who must not see its message. Log it beside the message. */
  public ErrorCode code() {
    return ErrorCode.of(cause);
  }

  /** Names the stage, the element and the cause, on one line; see {@link Descriptions}. */
  @Override
  public String toString() {
    return "stage '%s' failed on %s (attempt %d): %s"
        .formatted(stage, Descriptions.ofElement(element), attempt, Descriptions.ofCause(cause));
  }
}
