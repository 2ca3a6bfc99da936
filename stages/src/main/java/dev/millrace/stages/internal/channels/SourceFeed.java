package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Source.Cursor;
import dev.millrace.pipeline.graph.IteratorCursor;
import dev.millrace.stages.internal.fusion.Feed;
import java.util.Iterator;

/** Reads a source. Used by one thread. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
abstract class SourceFeed extends Feed {

  SourceDriver driver;
  PipelineThread thread;
  Sources sources;
  Cursor<?> cursor;

  /** Its {@code done} tells that the chain takes no more elements. */
  Step last;

  /** Sets the state; to be called first. */
  final void bind(SourceDriver driver, Sources sources, Cursor<?> cursor, Step last) {
    this.driver = driver;
    this.thread = driver.thread;
    this.sources = sources;
    this.cursor = cursor;
    this.last = last;
  }

  /** The state is set. */
  void bound() {}

  /** A feed for that cursor. */
  static SourceFeed of(Cursor<?> cursor) {
    return cursor instanceof IteratorCursor<?> ? new PlainIteratorFeed() : new PlainSourceFeed();
  }

  /** The class of the user's part. */
  static Class<?> userClass(Cursor<?> cursor) {
    return cursor instanceof IteratorCursor<?>(Iterator<?> iterator)
        ? iterator.getClass()
        : cursor.getClass();
  }

  @Override
  public abstract SourceFeed fresh();
}
