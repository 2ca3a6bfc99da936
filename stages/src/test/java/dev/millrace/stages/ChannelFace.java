package dev.millrace.stages;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.stages.channel.Stages;
import dev.millrace.sync.TaskGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** The functions over channels. */
final class ChannelFace implements Face {

  @Override
  public <I, O> void run(
      TaskGroup group,
      List<? extends Iterable<I>> sources,
      int parallelism,
      StageFunction<I, O> function,
      StageConsumer<O> onValue,
      StageConsumer<Failure<?>> onFailure)
      throws InterruptedException, ExecutionException {
    List<ReceiveChannel<O>> values = new ArrayList<>();
    List<ReceiveChannel<Failure<I>>> errors = new ArrayList<>();
    for (Iterable<I> source : sources) {
      var step =
          Stages.<I, O>step(
              group, "test", Stages.<I>producer(group, source), parallelism, function);
      values.add(step.values());
      errors.add(step.errors());
    }
    Stages.<O>sink(
        group,
        Stages.<O>merge(group, values),
        Stages.<Failure<I>>merge(group, errors),
        onValue,
        onFailure);
  }

  @Override
  public <I, O> void run(
      TaskGroup group,
      Iterable<I> source,
      int parallelism,
      StageFunction<I, O> function,
      StageConsumer<O> onValue)
      throws InterruptedException, ExecutionException {
    var step =
        Stages.<I, O>step(group, "test", Stages.<I>producer(group, source), parallelism, function);
    Stages.<O>sink(group, step.values(), step.errors(), onValue);
  }
}
