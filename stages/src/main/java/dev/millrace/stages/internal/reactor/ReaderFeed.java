package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Source.Cursor;
import dev.millrace.stages.internal.fusion.Feed;

/** Reads a source. Used by one thread. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
abstract class ReaderFeed extends Feed {

  ReaderCalls reader;
  Cursor<?> cursor;
  FusedChain chain;

  /** Sets the state; to be called first. */
  final void bind(ReaderCalls reader, Cursor<?> cursor, FusedChain chain) {
    this.reader = reader;
    this.cursor = cursor;
    this.chain = chain;
  }

  /** The state is set. */
  void bound() {}

  @Override
  public abstract ReaderFeed fresh();
}
