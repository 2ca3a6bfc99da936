package dev.millrace.stages;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.sync.TaskGroup;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** The four functions wired up, so that one suite tests them over channels and over Flux. */
interface Face {

  /**
   * For each of the sources a producer and a step; their values and errors merged into one sink.
   */
  <I, O> void run(
      TaskGroup group,
      List<? extends Iterable<I>> sources,
      int parallelism,
      StageFunction<I, O> function,
      StageConsumer<O> onValue,
      StageConsumer<Failure<?>> onFailure)
      throws InterruptedException, ExecutionException;

  /** The sink that stops at the first failure. */
  <I, O> void run(
      TaskGroup group,
      Iterable<I> source,
      int parallelism,
      StageFunction<I, O> function,
      StageConsumer<O> onValue)
      throws InterruptedException, ExecutionException;
}
