package dev.millrace.benchmarks;

import java.util.function.Function;

/** Reactor by hand, for functions that may block: each call has a thread of its own. */
final class FlatMapPipelines implements Pipelines {

  @Override
  public long unordered(int count, int workers, Function<Integer, Integer> function) {
    return ReactorPipelines.count(
        ReactorPipelines.flux(count).flatMap(n -> ReactorPipelines.later(n, function), workers));
  }
}
