package dev.millrace.benchmarks;

import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Streams of the JDK, and its gatherer for concurrent calls, which keeps the order. */
final class StreamPipelines implements Pipelines {

  private static Stream<Integer> stream(int count) {
    return StreamSupport.stream(new Numbers(count).spliterator(), false);
  }

  @Override
  public long fused(int count) {
    return stream(count)
        .map(Numbers::plus)
        .filter(Numbers::isBig)
        .map(Numbers::plus)
        .filter(Numbers::isBig)
        .collect(Collectors.counting());
  }

  @Override
  public long fusedBoxes(int count) {
    return StreamSupport.stream(Numbers.inBoxes(count).spliterator(), false)
        .map(Numbers::next)
        .filter(Numbers::isEven)
        .map(Numbers::next)
        .filter(Numbers::isBig)
        .collect(Collectors.counting());
  }

  @Override
  public long unordered(int count, int workers, Function<Integer, Integer> function) {
    return ordered(count, workers, function);
  }

  @Override
  public long ordered(int count, int workers, Function<Integer, Integer> function) {
    return stream(count)
        .gather(Gatherers.mapConcurrent(workers, function))
        .collect(Collectors.counting());
  }
}
