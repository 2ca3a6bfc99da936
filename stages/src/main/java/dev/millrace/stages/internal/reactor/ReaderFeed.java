package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Source.Cursor;
import dev.millrace.pipeline.graph.IteratorCursor;
import dev.millrace.stages.internal.fusion.Feed;
import java.util.Iterator;

/** Reads a source. Used by one thread. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
abstract class ReaderFeed extends Feed {

  SourceFlux.Reader reader;
  Cursor<?> cursor;
  FusedChain chain;

  /** Sets the state; to be called first. */
  final void bind(SourceFlux.Reader reader, Cursor<?> cursor, FusedChain chain) {
    this.reader = reader;
    this.cursor = cursor;
    this.chain = chain;
  }

  /** The state is set. */
  void bound() {}

  /** A feed for that cursor. */
  static ReaderFeed of(Cursor<?> cursor) {
    return cursor instanceof IteratorCursor<?> ? new PlainIteratorFeed() : new PlainReaderFeed();
  }

  /** The class of the user's part. */
  static Class<?> userClass(Cursor<?> cursor) {
    return cursor instanceof IteratorCursor<?>(Iterator<?> iterator)
        ? iterator.getClass()
        : cursor.getClass();
  }

  @Override
  public abstract ReaderFeed fresh();
}
