package dev.millrace.testkit.soak;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.RunReport;

/**
 * The subject of one run: a pipeline, and the promises that it must keep.
 *
 * @param <R> the type of the result
 */
interface Subject<R> {

  /** Called by a pipeline; may block, and be interrupted. */
  @FunctionalInterface
  interface Hook {
    void call() throws InterruptedException;
  }

  /**
   * The pipeline.
   *
   * @param hook called in a function of the pipeline, or in its source
   */
  Pipeline<R> pipeline(Hook hook);

  /** The approximate number of calls of the hook. */
  int calls();

  /** Whether a run that is not cancelled leaves no elements over. */
  boolean takesAll();

  /** A failure has come to the handler of the run. */
  void failed(Failure<?> failure);

  /** The number of failures that reached a handler, including the handler of dead letters. */
  long failures();

  /** Fails unless an undisturbed run has kept all its promises. */
  void check(R result, RunReport report);

  /** Fails if a run that was cut short has broken a promise. */
  void checkCut(Disturbance how, RunReport report);
}
