package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.Source.Cursor;
import dev.millrace.stages.internal.run.Sources;
import org.jspecify.annotations.Nullable;

/** The elements of a source for a chain. Not thread-safe: one thread at a time uses it. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
abstract class Feed implements Template {

  SourceCalls source;
  Sources sources;
  Guard guard;

  /** The chain takes no more elements when {@code done} of this taker is set. */
  Taker last;

  Cursor<?> cursor;

  /** Sets the state; to be called first. */
  void bind(SourceCalls source, Cursor<?> cursor) {
    this.source = source;
    this.sources = source.sources;
    this.guard = source.guard;
    this.last = source.last;
    this.cursor = cursor;
  }

  /** Whether there may be another element, and the chain takes it. May block. */
  abstract boolean hasNext();

  /** The next element, after {@link #hasNext}; null if there is none. May block. */
  abstract @Nullable Object next();

  /** Like {@link Call#copy}. */
  abstract Feed copy();

  @Override
  public abstract Feed fresh();
}
