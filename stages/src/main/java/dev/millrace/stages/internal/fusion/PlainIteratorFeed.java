package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.IteratorCursor;
import dev.millrace.pipeline.Source.Cursor;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Reads an iterator. The two calls of the iterator count as one call of the source. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
final class PlainIteratorFeed extends Feed {

  private Iterator<?> iterator;

  @Override
  public Feed fresh() {
    return new PlainIteratorFeed();
  }

  @Override
  void bind(SourceCalls source, Cursor<?> cursor) {
    super.bind(source, cursor);
    iterator = ((IteratorCursor<?>) cursor).iterator();
  }

  @Override
  Feed copy() {
    var copy = new PlainIteratorFeed();
    copy.bind(source, cursor);
    return copy;
  }

  @Override
  boolean hasNext() {
    if (last.done || sources.areStopped()) {
      return false;
    }
    source.calls++;
    try {
      if (iterator.hasNext()) {
        return true;
      }
    } catch (Throwable e) {
      source.thrown(e);
      return false;
    }
    source.leave();
    return false;
  }

  @Override
  @Nullable Object next() {
    Object element;
    try {
      element = IteratorCursor.present(iterator.next());
    } catch (Throwable e) {
      source.thrown(e);
      return null;
    }
    source.calls++;
    if (sources.areStopped() || Thread.currentThread().isInterrupted()) {
      source.forgetInterrupt();
    }
    if (guard.isStopped()) {
      throw source.stopped();
    }
    return element;
  }
}
