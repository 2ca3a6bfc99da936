package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Source.Cursor;
import dev.millrace.stages.internal.fusion.Feed;

/** Reads a source. Used by one thread. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
abstract class SourceFeed extends Feed {

  SourceCalls driver;
  PipelineThread thread;
  Sources sources;
  Cursor<?> cursor;

  /** Its {@code done} tells that the chain takes no more elements. */
  Step last;

  /** Sets the state; to be called first. */
  final void bind(SourceCalls driver, Sources sources, Cursor<?> cursor, Step last) {
    this.driver = driver;
    this.thread = driver.thread;
    this.sources = sources;
    this.cursor = cursor;
    this.last = last;
  }

  /** The state is set. */
  void bound() {}

  @Override
  public abstract SourceFeed fresh();
}
