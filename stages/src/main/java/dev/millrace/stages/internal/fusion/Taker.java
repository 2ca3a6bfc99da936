package dev.millrace.stages.internal.fusion;

/**
 * A stage that takes each element in the call in which the stage before makes it. Not thread-safe:
 * one thread at a time uses it.
 */
public abstract class Taker {

  /** Whether it takes no more elements. */
  public boolean done;

  /** Takes an element. */
  public abstract void push(Object element);

  /** Like {@link Call#copy}. Default: the object itself. */
  public Taker copy() {
    return this;
  }
}
