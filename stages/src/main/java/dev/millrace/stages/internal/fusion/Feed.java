package dev.millrace.stages.internal.fusion;

import org.jspecify.annotations.Nullable;

/** The elements for a chain. Not thread-safe: one thread at a time uses it. */
public abstract class Feed implements Template {

  /** Whether there may be another element, and the chain takes it. May block. */
  public abstract boolean hasNext();

  /** The next element, after {@link #hasNext}; null if there is none. May block. */
  public abstract @Nullable Object next();

  /** As {@link Call#copy}. */
  public abstract Feed copy();
}
