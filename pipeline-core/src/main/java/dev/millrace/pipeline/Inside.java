package dev.millrace.pipeline;

import dev.millrace.context.Context;

/**
 * Tells whether the calling code runs inside a run: in one of its functions, handlers, sources or
 * sinks, or in a task that one of them has forked. Such code must not wait for the end of the run,
 * because the run waits for that code. For engines.
 *
 * <p>The context carries the mark, so it also reaches the tasks of a {@code TaskGroup} and the
 * functions of a run that was started inside. It does not reach a plain thread that a function
 * starts.
 *
 * <p>Immutable and thread-safe. {@link #isHere} costs as much as {@link Context#value}.
 */
public final class Inside {

  private final Context.Key<Boolean> key = Context.Key.of("inside of a run");

  /** Creates the mark of one run. */
  public Inside() {}

  /** A child context with the mark. All contexts of the run must descend from it. */
  public Context mark(Context parent) {
    return parent.withValue(key, true);
  }

  /** Whether the calling code runs inside the run. */
  public boolean isHere() {
    return Context.current().value(key) != null;
  }

  /**
   * Refuses to wait for the end of the run.
   *
   * @throws IllegalStateException if the calling code runs inside the run
   */
  public void refuseJoin() {
    if (isHere()) {
      throw new IllegalStateException(
          "join() was called by a function of the run itself, but the run waits for its functions:"
              + " call it outside of the run, or end the run from here by cancel, close or drain");
    }
  }
}
