package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.graph.IteratorCursor;
import dev.millrace.stages.internal.fusion.Feed;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Reads an iterator. The two calls of the iterator count as one call of the source. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
final class PlainIteratorFeed extends SourceFeed {

  private Iterator<?> iterator;

  @Override
  public SourceFeed fresh() {
    return new PlainIteratorFeed();
  }

  @Override
  void bound() {
    iterator = ((IteratorCursor<?>) cursor).iterator();
  }

  @Override
  public Feed copy() {
    var copy = new PlainIteratorFeed();
    copy.bind(driver, sources, cursor, last);
    copy.iterator = iterator;
    return copy;
  }

  @Override
  public boolean hasNext() {
    if (last.done || sources.areStopped()) {
      return false;
    }
    driver.calls++;
    try {
      if (iterator.hasNext()) {
        return true;
      }
    } catch (Throwable e) {
      driver.thrown(e);
      return false;
    }
    driver.leave();
    return false;
  }

  @Override
  public @Nullable Object next() {
    Object element;
    try {
      element = IteratorCursor.present(iterator.next());
    } catch (Throwable e) {
      driver.thrown(e);
      return null;
    }
    driver.calls++;
    if (sources.areStopped() || Thread.currentThread().isInterrupted()) {
      thread.forgetInterrupt();
    }
    if (thread.isStopped()) {
      throw driver.stopped();
    }
    return element;
  }
}
