package dev.millrace.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Reactor by hand.
 *
 * <p>Its {@code publishOn} alone is not always a boundary between two threads: the thread that
 * takes elements requests more, and the source then makes them in the same thread. So here the
 * source has a thread of its own ({@code subscribeOn}). In {@link PublishOnPipelines} it has none.
 */
final class ReactorPipelines implements Pipelines {

  /** A thread for each blocking call; {@code boundedElastic()} has 10 for each processor. */
  private static final Scheduler BLOCKING =
      Schedulers.newBoundedElastic(1_000, Integer.MAX_VALUE, "blocking");

  static Flux<Integer> flux(int count) {
    return Flux.fromIterable(new Numbers(count));
  }

  static long count(Flux<?> flux) {
    return flux.count().blockOptional().orElseThrow();
  }

  @Override
  public long fused(int count) {
    return count(
        flux(count)
            .map(Numbers::plus)
            .filter(Numbers::isBig)
            .map(Numbers::plus)
            .filter(Numbers::isBig));
  }

  @Override
  public long fusedBoxes(int count) {
    return count(
        Flux.fromIterable(Numbers.inBoxes(count))
            .map(Numbers::next)
            .filter(Numbers::isEven)
            .map(Numbers::next)
            .filter(Numbers::isBig));
  }

  @Override
  public long boundaries(int count, int boundaries) {
    return boundaries(flux(count).subscribeOn(Schedulers.parallel()), boundaries);
  }

  static long boundaries(Flux<Integer> source, int boundaries) {
    Flux<Integer> flux = source;
    for (int i = 0; i < boundaries; i++) {
      flux = flux.map(Numbers::plus).publishOn(Schedulers.parallel(), BUFFER);
    }
    return count(flux.map(Numbers::plus));
  }

  @Override
  public long unordered(int count, int workers, Function<Integer, Integer> function) {
    return count(
        flux(count).parallel(workers).runOn(Schedulers.parallel()).map(function).sequential());
  }

  @Override
  public long ordered(int count, int workers, Function<Integer, Integer> function) {
    return count(flux(count).flatMapSequential(n -> later(n, function), workers));
  }

  static Mono<Integer> later(Integer n, Function<Integer, Integer> function) {
    return Mono.fromCallable(() -> function.apply(n)).subscribeOn(BLOCKING);
  }

  @Override
  public long broadcast(int count, int branches) {
    return broadcast(flux(count).subscribeOn(Schedulers.parallel()), branches);
  }

  static long broadcast(Flux<Integer> source, int branches) {
    Flux<Integer> shared = source.publish(BUFFER).autoConnect(branches);
    List<Flux<Integer>> all = new ArrayList<>();
    for (int i = 0; i < branches; i++) {
      all.add(shared.publishOn(Schedulers.parallel(), BUFFER).map(Numbers::plus));
    }
    return count(Flux.merge(all));
  }
}
