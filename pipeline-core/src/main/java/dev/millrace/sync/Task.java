package dev.millrace.sync;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A function that a {@link TaskGroup} runs in a thread of its own, and its result.
 *
 * <p>Safe for use by many threads; nothing blocks: wait with {@link TaskGroup#join}.
 *
 * @param <T> the type of the result
 */
public final class Task<T extends @Nullable Object> {

  /** What has become of a task. */
  public enum State {
    /** It has not ended. */
    RUNNING,
    /** It has returned. */
    SUCCEEDED,
    /** It has thrown. */
    FAILED,
    /** It was never run, because the group was cancelled. */
    CANCELLED
  }

  private record Outcome(State state, @Nullable Object value, @Nullable Throwable failure) {}

  private final Callable<T> function;
  private final Throwable forkedAt;
  private volatile Outcome outcome = new Outcome(State.RUNNING, null, null);

  Task(Callable<T> function) {
    this.function = Objects.requireNonNull(function, "function");
    this.forkedAt = new ForkedAt();
  }

  /** Where a task was forked: suppressed in what it threw. */
  private static final class ForkedAt extends Throwable {
    private static final long serialVersionUID = 1L;

    ForkedAt() {
      super("the task was forked here", null, false, true);
    }
  }

  /** What has become of the task by now. */
  public State state() {
    return outcome.state;
  }

  /**
   * What the task returned.
   *
   * @throws IllegalStateException if it has not returned; the cause is what it threw, if it did
   */
  // The value of a task that succeeded is what the function returned, null included if T is
  // nullable.
  @SuppressWarnings({"unchecked", "NullAway"})
  public T get() {
    Outcome end = outcome;
    if (end.state != State.SUCCEEDED) {
      throw new IllegalStateException("the task has no result: it is " + end.state, end.failure);
    }
    return (T) end.value;
  }

  /** What the task threw; null if it has thrown nothing. */
  public @Nullable Throwable failure() {
    return outcome.failure;
  }

  void run() {
    try {
      outcome = new Outcome(State.SUCCEEDED, function.call(), null);
    } catch (Throwable failure) {
      failure.addSuppressed(forkedAt);
      outcome = new Outcome(State.FAILED, null, failure);
    }
  }

  void cancel() {
    outcome = new Outcome(State.CANCELLED, null, null);
  }
}
