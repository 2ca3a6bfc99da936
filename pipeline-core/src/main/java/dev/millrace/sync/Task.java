package dev.millrace.sync;

import dev.millrace.errors.Note;
import dev.millrace.errors.NotedException;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A function that a {@link TaskGroup} runs in a thread of its own, and its result.
 *
 * <p>Thread-safe; no method blocks. Wait with {@link TaskGroup#join}. A task that has ended keeps
 * its result or its failure, but not its function.
 *
 * @param <T> the type of the result
 */
public final class Task<T extends @Nullable Object> {

  /** The state of a task. */
  public enum State {
    /** The task has not ended. */
    RUNNING,
    /** The function has returned. */
    SUCCEEDED,
    /** The function has thrown. */
    FAILED,
    /** The function never runs, because the group was cancelled before the fork. */
    CANCELLED
  }

  private record Outcome(State state, @Nullable Object value, @Nullable Throwable failure) {}

  private static final Outcome RUNNING = new Outcome(State.RUNNING, null, null);
  private static final Outcome CANCELLED = new Outcome(State.CANCELLED, null, null);

  private final Note forkedAt;
  private @Nullable Callable<T> function; // by the thread of the task; null once it runs
  private volatile Outcome outcome = RUNNING;

  Task(Callable<T> function) {
    this.function = Objects.requireNonNull(function, "function");
    this.forkedAt = Note.here("the task was forked here");
  }

  /** The current state. */
  public State state() {
    return outcome.state;
  }

  /**
   * The result of the function.
   *
   * @throws IllegalStateException if the task has not returned. If it has thrown, the exception of
   *     the function is the cause, and the site of the fork is suppressed
   */
  // The value of a task that succeeded is the result of the function, null included if T is
  // nullable.
  @SuppressWarnings({"unchecked", "NullAway"})
  public T get() {
    Outcome end = outcome;
    if (end.state != State.SUCCEEDED) {
      var exception =
          new IllegalStateException("the task has no result: it is " + end.state, end.failure);
      exception.addSuppressed(forkedAt);
      throw exception;
    }
    return (T) end.value;
  }

  /** The exception of the function, unchanged; null if the function has not thrown. */
  public @Nullable Throwable failure() {
    return outcome.failure;
  }

  /**
   * The exception of the function, with the site of the fork as a note; null if the function has
   * not thrown.
   */
  @Nullable NotedException noted() {
    Throwable failure = outcome.failure;
    return failure == null ? null : NotedException.of(failure, forkedAt);
  }

  /** Where the task was forked. */
  Note forkedAt() {
    return forkedAt;
  }

  void cancel() {
    function = null;
    outcome = CANCELLED;
  }

  void run() {
    Callable<T> call = Objects.requireNonNull(function);
    function = null;
    try {
      outcome = new Outcome(State.SUCCEEDED, call.call(), null);
    } catch (Throwable failure) {
      outcome = new Outcome(State.FAILED, null, failure);
    }
  }
}
