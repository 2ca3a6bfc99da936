package dev.millrace.stages;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.sync.TaskGroup;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** The four functions wired up, so that one suite tests them over channels and over Flux. */
interface Face {

  /** A producer and a step for each source; their values and errors are merged into one sink. */
  <I, O> void run(
      TaskGroup group,
      List<? extends Iterable<I>> sources,
      int parallelism,
      StageFunction<I, O> function,
      StageConsumer<O> onValue,
      StageConsumer<Failure<?>> onFailure)
      throws InterruptedException, ExecutionException;

  /** The same with a sink that stops at the first failure. */
  <I, O> void run(
      TaskGroup group,
      Iterable<I> source,
      int parallelism,
      StageFunction<I, O> function,
      StageConsumer<O> onValue)
      throws InterruptedException, ExecutionException;
}
