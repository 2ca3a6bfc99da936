package dev.millrace.benchmarks;

import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.schedulers.Schedulers;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** RxJava by hand. As in {@link ReactorPipelines}, the source has a thread of its own. */
final class RxPipelines implements Pipelines {

  private static Flowable<Integer> flowable(int count) {
    return Flowable.fromIterable(new Numbers(count));
  }

  private static long count(Flowable<Integer> flowable) {
    return flowable.count().blockingGet();
  }

  @Override
  public long fused(int count) {
    return count(
        flowable(count)
            .map(Numbers::plus)
            .filter(Numbers::isBig)
            .map(Numbers::plus)
            .filter(Numbers::isBig));
  }

  @Override
  public long fusedBoxes(int count) {
    return count(
        Flowable.fromIterable(Numbers.inBoxes(count))
            .map(Numbers::next)
            .filter(Numbers::isEven)
            .map(Numbers::next)
            .filter(Numbers::isBig));
  }

  @Override
  public long boundaries(int count, int boundaries) {
    Flowable<Integer> flowable = flowable(count).subscribeOn(Schedulers.computation());
    for (int i = 0; i < boundaries; i++) {
      flowable = flowable.map(Numbers::plus).observeOn(Schedulers.computation(), false, BUFFER);
    }
    return count(flowable.map(Numbers::plus));
  }

  @Override
  public long unordered(int count, int workers, Function<Integer, Integer> function) {
    return count(
        flowable(count)
            .parallel(workers)
            .runOn(Schedulers.computation())
            .map(function::apply)
            .sequential());
  }

  @Override
  public long ordered(int count, int workers, Function<Integer, Integer> function) {
    return count(
        flowable(count)
            .concatMapEager(
                n -> Flowable.fromCallable(() -> function.apply(n)).subscribeOn(Schedulers.io()),
                workers,
                1));
  }

  @Override
  public long broadcast(int count, int branches) {
    Flowable<Integer> shared =
        flowable(count).subscribeOn(Schedulers.computation()).publish(BUFFER).autoConnect(branches);
    List<Flowable<Integer>> all = new ArrayList<>();
    for (int i = 0; i < branches; i++) {
      all.add(shared.observeOn(Schedulers.computation(), false, BUFFER).map(Numbers::plus));
    }
    return count(Flowable.merge(all));
  }
}
