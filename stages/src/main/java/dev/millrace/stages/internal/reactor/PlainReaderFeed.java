package dev.millrace.stages.internal.reactor;

import dev.millrace.stages.internal.fusion.Feed;
import org.jspecify.annotations.Nullable;

/** Reads any cursor. */
final class PlainReaderFeed extends ReaderFeed {

  private @Nullable Object element;

  @Override
  public ReaderFeed fresh() {
    return new PlainReaderFeed();
  }

  @Override
  public Feed copy() {
    var copy = new PlainReaderFeed();
    copy.bind(reader, cursor, chain);
    return copy;
  }

  @Override
  public boolean hasNext() {
    if (chain.isDone() || reader.isDraining()) {
      return false;
    }
    reader.count();
    try {
      element = cursor.next();
    } catch (Throwable e) {
      reader.thrown(e);
      return false;
    }
    reader.count();
    if (reader.isDraining() || Thread.currentThread().isInterrupted()) {
      reader.interrupted();
    }
    return element != null;
  }

  @Override
  public @Nullable Object next() {
    Object taken = element;
    element = null; // an element that has left the run is not kept
    return reader.isWanted() ? taken : reader.unwanted(chain);
  }
}
