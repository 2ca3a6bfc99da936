package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.run.Unwind;
import java.util.List;

/** A driver as the feed of its source sees it. Used by one thread, except where it says so. */
abstract class SourceCalls extends Driver {

  /**
   * Odd during a call of the source. Written by this thread with plain stores, read by the drain.
   */
  long calls;

  SourceCalls(PipelineThread thread, Step next) {
    super(thread, next, List.of());
  }

  /** The source has thrown, and has no more elements; returns if that only ends the source. */
  abstract void thrown(Throwable e);

  /** The thread is stopped. */
  abstract Unwind stopped();

  /** A call of the source has ended. */
  abstract void leave();
}
