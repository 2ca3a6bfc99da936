package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.graph.IteratorCursor;
import dev.millrace.stages.internal.fusion.Feed;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Reads an iterator. The two calls of the iterator count as one call of the source. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
final class PlainIteratorFeed extends ReaderFeed {

  private Iterator<?> iterator;

  @Override
  public ReaderFeed fresh() {
    return new PlainIteratorFeed();
  }

  @Override
  void bound() {
    iterator = ((IteratorCursor<?>) cursor).iterator();
  }

  @Override
  public Feed copy() {
    var copy = new PlainIteratorFeed();
    copy.bind(reader, cursor, chain);
    copy.iterator = iterator;
    return copy;
  }

  @Override
  public boolean hasNext() {
    if (chain.isDone() || reader.isDraining()) {
      return false;
    }
    reader.count();
    try {
      if (iterator.hasNext()) {
        return true;
      }
    } catch (Throwable e) {
      reader.thrown(e);
      return false;
    }
    reader.leave();
    return false;
  }

  @Override
  public @Nullable Object next() {
    Object element;
    try {
      element = IteratorCursor.present(iterator.next());
    } catch (Throwable e) {
      reader.thrown(e);
      return null;
    }
    reader.count();
    if (reader.isDraining() || Thread.currentThread().isInterrupted()) {
      reader.interrupted();
    }
    return reader.isWanted() ? element : reader.unwanted(chain);
  }
}
