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
 * @param cause what the stage's function threw, as it was thrown: nothing was added to it
 * @param time when it was thrown
 * @param notes what the library knows of this failure beside its cause, for example a {@link Note}
 *     or the failures of other attempts; an unmodifiable list
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
   * A failure, now. It has the cause and the notes of a {@link NotedException}, and the number of
   * attempts of a {@link RetryException}; any other exception is the cause of a first attempt.
   *
   * @param thrown what the stage's function threw
   */
  public static <I> Failure<I> of(String stage, I element, Throwable thrown) {
    int attempts = thrown instanceof RetryException retry ? retry.attempts() : 1;
    return new Failure<>(
        stage,
        element,
        attempts,
        NotedException.bare(thrown),
        Instant.now(),
        NotedException.notes(thrown));
  }

  /**
   * The failure as an exception, for a call that ends because of it: a new one, whose message is
   * {@link #toString}, whose cause is the {@link #cause}, and in which the {@link #notes} are
   * suppressed.
   */
  public ExecutionException toException() {
    var exception = new ExecutionException(toString(), cause);
    notes.forEach(exception::addSuppressed);
    return exception;
  }

  /** Names the stage, the element and the cause, on one line; see {@link Descriptions}. */
  @Override
  public String toString() {
    return "stage '%s' failed on %s (attempt %d): %s"
        .formatted(stage, Descriptions.ofElement(element), attempt, Descriptions.ofCause(cause));
  }
}
