package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.fusion.Feed;
import org.jspecify.annotations.Nullable;

/** Reads any cursor. */
final class PlainSourceFeed extends SourceFeed {

  private @Nullable Object element;

  @Override
  public SourceFeed fresh() {
    return new PlainSourceFeed();
  }

  @Override
  public Feed copy() {
    var copy = new PlainSourceFeed();
    copy.bind(driver, sources, cursor, last);
    return copy;
  }

  @Override
  public boolean hasNext() {
    if (last.done || sources.areStopped()) {
      return false;
    }
    driver.calls++;
    try {
      element = cursor.next();
    } catch (Throwable e) {
      driver.thrown(e);
      return false;
    }
    driver.calls++;
    if (sources.areStopped() || Thread.currentThread().isInterrupted()) {
      thread.forgetInterrupt();
    }
    return element != null;
  }

  @Override
  public @Nullable Object next() {
    if (thread.isStopped()) {
      throw driver.stopped();
    }
    Object taken = element;
    element = null; // an element that has left the run is not kept
    return taken;
  }
}
