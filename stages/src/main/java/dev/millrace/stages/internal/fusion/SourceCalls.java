package dev.millrace.stages.internal.fusion;

import dev.millrace.stages.internal.run.Sources;
import dev.millrace.stages.internal.run.Unwind;

/**
 * The reader of a source as its feed sees it. Used by one thread, except for members that name
 * another thread.
 */
@SuppressWarnings("NullAway.Init") // by the reading thread, when it begins
abstract class SourceCalls {

  final Sources sources;

  /** Tells whether the reading thread is to end. Of that thread. */
  Guard guard;

  /**
   * The chain takes no more elements when {@code done} of this taker is set. Of the reading thread.
   */
  Taker last;

  /**
   * Odd during a call of the source. Written by the reading thread with plain stores, read by the
   * drain.
   */
  long calls;

  SourceCalls(Sources sources) {
    this.sources = sources;
  }

  /**
   * A call has ended, and the thread is interrupted, or the run drains. Forgets an interrupt that
   * was meant for the call; an interrupt that stops the thread stays. Excludes {@link
   * SourceReader#interruptIf}.
   */
  protected abstract void forgetInterrupt();

  /** The thread is stopped, and does not push the element that it has read. */
  abstract Unwind stopped();

  /** The source has thrown, and has no more elements; returns if that only ends the source. */
  abstract void thrown(Throwable e);

  /** A call of the source has ended. */
  abstract void leave();
}
