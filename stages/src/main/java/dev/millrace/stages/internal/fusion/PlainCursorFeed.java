package dev.millrace.stages.internal.fusion;

import org.jspecify.annotations.Nullable;

/** Reads any cursor. */
final class PlainCursorFeed extends Feed {

  private @Nullable Object element;

  @Override
  public Feed fresh() {
    return new PlainCursorFeed();
  }

  @Override
  Feed copy() {
    var copy = new PlainCursorFeed();
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
      element = cursor.next();
    } catch (Throwable e) {
      source.thrown(e);
      return false;
    }
    source.calls++;
    if (sources.areStopped() || Thread.currentThread().isInterrupted()) {
      source.forgetInterrupt();
    }
    return element != null;
  }

  @Override
  @Nullable Object next() {
    if (guard.isStopped()) {
      throw source.stopped();
    }
    Object taken = element;
    element = null; // an element that has left the run is not kept
    return taken;
  }
}
