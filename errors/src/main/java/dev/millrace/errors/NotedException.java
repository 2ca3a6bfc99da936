package dev.millrace.errors;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Wraps an exception that the library did not make, and carries notes about it.
 *
 * <p>The library never adds anything to an exception of its users. Such an exception may be a
 * constant, or be thrown by several threads at once: a fact about one element would then be
 * reported with another element. Facts about one failure (where its task was forked, the earlier
 * attempts, its span) are notes of a new {@code NotedException}. Its {@linkplain #getCause() cause}
 * is the exception as it was thrown. The notes are suppressed exceptions, so that every logger
 * prints them.
 *
 * <p>{@link Failure#of} separates them again: a reported failure has the bare cause, and the notes
 * beside it. Code that judges an exception by its type must call {@link #bare} or {@link
 * Causes#find} first.
 *
 * <p>Immutable, except for {@code addSuppressed}, which every throwable has; thread-safe. It has no
 * stack trace of its own: the stack trace of the cause shows where the failure was.
 */
public sealed class NotedException extends Exception permits RetryException {

  private static final long serialVersionUID = 1L;

  NotedException(Throwable failure, List<? extends Throwable> notes, boolean withTrace) {
    super(null, bare(Objects.requireNonNull(failure, "cause")), true, withTrace);
    for (Throwable note : notes(failure)) {
      addSuppressed(note);
    }
    for (Throwable note : notes) {
      if (note != super.getCause()) {
        addSuppressed(note);
      }
    }
  }

  /**
   * The failure with notes. If the failure is a {@code NotedException}, the result has its cause
   * and its notes, followed by the new notes. Neither argument is changed.
   *
   * @param notes for example {@link Note}s, or other failures that belong to this one
   */
  public static NotedException of(Throwable failure, Throwable... notes) {
    return of(failure, Arrays.asList(notes));
  }

  /** Like {@link #of(Throwable, Throwable...)}. */
  public static NotedException of(Throwable failure, List<? extends Throwable> notes) {
    return failure instanceof RetryException retry
        ? new RetryException(retry.attempts(), retry, notes)
        : new NotedException(failure, notes, false);
  }

  /**
   * The exception as it was thrown: the cause of a {@code NotedException}, or else the argument.
   */
  public static Throwable bare(Throwable thrown) {
    return thrown instanceof NotedException noted ? noted.getCause() : thrown;
  }

  /** The notes of a {@code NotedException}, in the order of their arrival; empty for all others. */
  public static List<Throwable> notes(Throwable thrown) {
    return thrown instanceof NotedException noted ? noted.notes() : List.of();
  }

  /** The notes, in the order of their arrival. */
  public final List<Throwable> notes() {
    return List.of(getSuppressed());
  }

  /** The exception as it was thrown; never null, and never a {@code NotedException}. */
  @Override
  public final synchronized Throwable getCause() {
    return Objects.requireNonNull(super.getCause());
  }

  /** Names the cause. */
  @Override
  public String getMessage() {
    return getCause().toString();
  }
}
