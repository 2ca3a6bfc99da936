package dev.millrace.pipeline.graph;

import dev.millrace.context.Context;

/**
 * Tells whether the calling code runs inside of a run: in one of its functions, handlers, sources
 * or sinks, or in a task that one of them has forked. Such code must not wait for the end of the
 * run, which waits for it. For engines.
 *
 * <p>The context carries the mark, so it also reaches the tasks of a {@code TaskGroup} and the
 * functions of a run that was started inside. It does not reach a plain thread that a function
 * starts.
 *
 * <p>Immutable, and thread-safe. A look costs what {@link Context#value} costs.
 */
public final class Inside {

  private final Context.Key<Boolean> key = Context.Key.of("inside of a run");

  /** For one run. */
  public Inside() {}

  /** The context that everything of the run descends from. */
  public Context mark(Context parent) {
    return parent.withValue(key, true);
  }

  /** Whether the calling code runs inside of the run. */
  public boolean isHere() {
    return Context.current().value(key) != null;
  }

  /**
   * Refuses to wait for the end of the run.
   *
   * @throws IllegalStateException if the calling code runs inside of it
   */
  public void refuseJoin() {
    if (isHere()) {
      throw new IllegalStateException(
          "join() was called by a function of the run itself, for whose end the run waits: call it"
              + " outside of the run, or end the run from here by cancel, close or drain");
    }
  }
}
