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
   * @param hook to be called in a function of it, or in its source
   */
  Pipeline<R> pipeline(Hook hook);

  /** How many calls of the hook there are, about. */
  int calls();

  /** Whether nothing is left over in a run that nobody has cancelled. */
  boolean takesAll();

  /** A failure has come to the handler of the run. */
  void failed(Failure<?> failure);

  /** How many failures have come to a handler, that of dead letters included. */
  long failures();

  /** Fails unless a run that came to its end undisturbed has done all that it should. */
  void check(R result, RunReport report);

  /** Fails if a run that was cut short has done what it should not. */
  void checkCut(Disturbance how, RunReport report);
}
