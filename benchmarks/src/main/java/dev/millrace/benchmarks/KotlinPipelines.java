package dev.millrace.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import kotlin.Unit;
import kotlin.coroutines.Continuation;
import kotlinx.coroutines.BuildersKt;
import kotlinx.coroutines.CoroutineStart;
import kotlinx.coroutines.Deferred;
import kotlinx.coroutines.Dispatchers;
import kotlinx.coroutines.GlobalScope;
import kotlinx.coroutines.channels.BufferOverflow;
import kotlinx.coroutines.channels.Channel;
import kotlinx.coroutines.flow.Flow;
import kotlinx.coroutines.flow.FlowCollector;
import kotlinx.coroutines.flow.FlowKt;
import org.jspecify.annotations.Nullable;

/**
 * Kotlin's flows, on its default dispatcher. Operators that Kotlin inlines are written as its
 * compiler would write them; {@code map} and {@code filter} with calls in tail position only.
 */
final class KotlinPipelines implements Pipelines {

  private static Flow<Integer> flow(int count) {
    return FlowKt.asFlow(new Numbers(count));
  }

  private static Flow<Integer> map(Flow<Integer> from, Function<Integer, Integer> function) {
    return new Flow<>() {
      @Override
      public @Nullable Object collect(
          FlowCollector<? super Integer> collector, Continuation<? super Unit> continuation) {
        return from.collect(
            (element, self) -> collector.emit(function.apply(element), self), continuation);
      }
    };
  }

  private static Flow<Integer> filter(Flow<Integer> from, Predicate<Integer> predicate) {
    return new Flow<>() {
      @Override
      public @Nullable Object collect(
          FlowCollector<? super Integer> collector, Continuation<? super Unit> continuation) {
        return from.collect(
            (element, self) ->
                predicate.test(element) ? collector.emit(element, self) : Unit.INSTANCE,
            continuation);
      }
    };
  }

  private static long count(Flow<Integer> flow) throws InterruptedException {
    return BuildersKt.<Integer>runBlocking(
        Dispatchers.getDefault(), (scope, self) -> FlowKt.count(flow, self));
  }

  @Override
  public long fused(int count) throws InterruptedException {
    Flow<Integer> first = filter(map(flow(count), Numbers::plus), Numbers::isBig);
    return count(filter(map(first, Numbers::plus), Numbers::isBig));
  }

  @Override
  public long fusedBoxes(int count) throws InterruptedException {
    Flow<Integer> first =
        filter(map(FlowKt.asFlow(Numbers.inBoxes(count)), Numbers::next), Numbers::isEven);
    return count(filter(map(first, Numbers::next), Numbers::isBig));
  }

  @Override
  public long boundaries(int count, int boundaries) throws InterruptedException {
    Flow<Integer> flow = flow(count);
    for (int i = 0; i < boundaries; i++) {
      flow = FlowKt.buffer(map(flow, Numbers::plus), BUFFER, BufferOverflow.SUSPEND);
    }
    return count(map(flow, Numbers::plus));
  }

  @Override
  public long unordered(int count, int workers, Function<Integer, Integer> function)
      throws InterruptedException {
    return count(
        FlowKt.flatMapMerge(
            flow(count),
            workers,
            (element, self) ->
                FlowKt.<Integer>flow(
                    (collector, inner) -> collector.emit(function.apply(element), inner))));
  }

  /** This number is deferred: one is awaited, one is about to wait, and the others are buffered. */
  @Override
  public long ordered(int count, int workers, Function<Integer, Integer> function)
      throws InterruptedException {
    Flow<Deferred<Integer>> begun =
        FlowKt.map(flow(count), (element, self) -> async(element, function));
    Flow<Deferred<Integer>> buffered = FlowKt.buffer(begun, workers - 2, BufferOverflow.SUSPEND);
    return count(FlowKt.map(buffered, (deferred, self) -> deferred.await(self)));
  }

  private static Deferred<Integer> async(Integer element, Function<Integer, Integer> function) {
    return BuildersKt.async(
        GlobalScope.INSTANCE,
        Dispatchers.getDefault(),
        CoroutineStart.DEFAULT,
        (scope, self) -> function.apply(element));
  }

  @Override
  public long broadcast(int count, int branches) throws InterruptedException {
    List<Channel<Integer>> channels = new ArrayList<>();
    List<Flow<Integer>> all = new ArrayList<>();
    for (int i = 0; i < branches; i++) {
      Channel<Integer> channel = Coroutines.channel(BUFFER);
      channels.add(channel);
      all.add(map(FlowKt.consumeAsFlow(channel), Numbers::plus));
    }
    Coroutines.spread(channels, count);
    return count(FlowKt.merge(all));
  }
}
