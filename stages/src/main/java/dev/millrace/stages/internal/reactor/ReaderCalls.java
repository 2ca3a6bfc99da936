package dev.millrace.stages.internal.reactor;

import org.jspecify.annotations.Nullable;

/** The reader of a source as the feed of the source sees it. Used by one thread. */
abstract class ReaderCalls {

  /** Whether the run still takes elements of the source. */
  abstract boolean isWanted();

  /** Whether the run drains. */
  abstract boolean isDraining();

  /** A call of the source begins or ends. */
  abstract void count();

  /** A call of the source has ended. */
  abstract void leave();

  /** A call has ended, and the thread is interrupted, or the run drains. */
  abstract void interrupted();

  /** The source has thrown, and has no more elements; returns if that only ends the source. */
  abstract void thrown(Throwable e);

  /** An element was read, and no stage takes it. */
  abstract @Nullable Object unwanted(FusedChain chain);
}
