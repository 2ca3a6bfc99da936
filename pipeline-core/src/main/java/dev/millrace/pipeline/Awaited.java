package dev.millrace.pipeline;

import org.jspecify.annotations.Nullable;

/** A run whose end a thread can await without asking for the outcome. Thread-safe. */
public interface Awaited {

  /** Waits until the run has ended and no thread of it is alive, or the run was given up. */
  void awaitEnd() throws InterruptedException;

  /**
   * The exception that a join of the ended run throws; null if the run has completed. It does not
   * count as the join of a caller.
   */
  @Nullable Throwable failure();
}
