package dev.millrace.sync;

import dev.millrace.errors.Note;
import dev.millrace.errors.NotedException;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A function that a {@link TaskGroup} runs in a thread of its own, and its result.
 *
 * <p>Thread-safe. Nothing blocks: wait with {@link TaskGroup#join}. A task that has ended keeps its
 * result or its failure, and not its function.
 *
 * @param <T> the type of the result
 */
public final class Task<T extends @Nullable Object> {

  /** The state of a task. */
  public enum State {
    /** It has not ended. */
    RUNNING,
    /** It has returned. */
    SUCCEEDED,
    /** It has thrown. */
    FAILED,
    /** Its function is never run, because the group was cancelled before the fork. */
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

  /** The state of the task now. */
  public State state() {
    return outcome.state;
  }

  /**
   * The result of the task.
   *
   * @throws IllegalStateException if it has not returned. If it has thrown, the cause is what it
   *     threw, and the site of the fork is suppressed
   */
  // The value of a task that succeeded is what the function returned, null included if T is
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

  /** The exception of the task, as it was thrown; null if there is none. */
  public @Nullable Throwable failure() {
    return outcome.failure;
  }

  /** The exception of the task, with the site of the fork as a note; null if there is none. */
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
