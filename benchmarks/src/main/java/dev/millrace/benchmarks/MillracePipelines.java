package dev.millrace.benchmarks;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Millrace; reports, ledger and context are on. */
final class MillracePipelines implements Pipelines {

  private final Engine engine;

  private MillracePipelines(Engine engine) {
    this.engine = engine;
  }

  static MillracePipelines onChannels() {
    return new MillracePipelines(Engine.channels());
  }

  static MillracePipelines onReactor() {
    return new MillracePipelines(Engine.reactor());
  }

  private static Pipe<Integer> pipe(int count) {
    return Pipe.from(Source.of(new Numbers(count)));
  }

  private long count(Pipe<Integer> pipe) throws Exception {
    try (var run = pipe.to(Sink.count()).start(engine, Context.background())) {
      return run.join();
    }
  }

  @Override
  public long fused(int count) throws Exception {
    return count(
        pipe(count)
            .map("a", Numbers::plus)
            .filter("b", Numbers::isBig)
            .map("c", Numbers::plus)
            .filter("d", Numbers::isBig));
  }

  @Override
  public long fusedBoxes(int count) throws Exception {
    return count(
        Pipe.from(Source.of(Numbers.inBoxes(count)))
            .map("a", Numbers::next)
            .filter("b", Numbers::isEven)
            .map("c", Numbers::next)
            .filter("d", Numbers::isBig));
  }

  @Override
  public long boundaries(int count, int boundaries) throws Exception {
    Pipe<Integer> pipe = pipe(count);
    for (int i = 0; i < boundaries; i++) {
      pipe = pipe.map("map" + i, Numbers::plus).buffer("buffer" + i, BUFFER);
    }
    return count(pipe.map("last", Numbers::plus));
  }

  @Override
  public long unordered(int count, int workers, Function<Integer, Integer> function)
      throws Exception {
    return count(pipe(count).mapParallelUnordered("parallel", workers, function::apply));
  }

  @Override
  public long ordered(int count, int workers, Function<Integer, Integer> function)
      throws Exception {
    return count(pipe(count).mapParallel("parallel", workers, function::apply));
  }

  @Override
  public long broadcast(int count, int branches) throws Exception {
    List<Function<Pipe<Integer>, Pipe<Integer>>> all = new ArrayList<>();
    for (int i = 0; i < branches; i++) {
      String name = "map" + i;
      all.add(lane -> lane.map(name, Numbers::plus));
    }
    return count(pipe(count).broadcast("all", all));
  }
}
