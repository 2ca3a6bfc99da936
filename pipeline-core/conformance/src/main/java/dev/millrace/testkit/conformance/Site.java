package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Operators;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A place in a pipe that calls a function of the user for each element. With a function that
 * returns its argument, the pipe passes all elements unchanged.
 */
@SuppressWarnings("ImmutableEnumChecker") // functions without state
enum Site {
  MAP((pipe, f) -> pipe.map("stage", f)),
  FILTER((pipe, f) -> pipe.filter("stage", x -> f.apply(x).equals(x))),
  FLAT_MAP((pipe, f) -> pipe.flatMap("stage", x -> List.of(f.apply(x)))),
  ITERATOR((pipe, f) -> pipe.flatMap("stage", x -> () -> iterator(f, x))),
  TEE((pipe, f) -> pipe.tee("stage", f::apply)),
  SCAN((pipe, f) -> pipe.scan("stage", () -> 0, (state, x) -> f.apply(x))),
  TAKE_WHILE((pipe, f) -> pipe.takeWhile("stage", x -> f.apply(x).equals(x))),
  DISTINCT((pipe, f) -> pipe.distinct("stage", f)),
  DISTINCT_UNTIL_CHANGED((pipe, f) -> pipe.via("stage", Operators.distinctUntilChanged(f))),
  TAKE_UNTIL((pipe, f) -> pipe.via("stage", Operators.takeUntil(x -> !f.apply(x).equals(x)))),
  VIA((pipe, f) -> pipe.via("stage", () -> own(f))),
  MAP_PARALLEL((pipe, f) -> pipe.mapParallel("stage", 3, f)),
  MAP_PARALLEL_BY_ONE((pipe, f) -> pipe.mapParallel("stage", 1, f)),
  MAP_PARALLEL_UNORDERED((pipe, f) -> pipe.mapParallelUnordered("stage", 3, f)),
  MAP_KEYED((pipe, f) -> pipe.mapKeyed("stage", 3, x -> x % 5, f)),
  KEY_OF_MAP_KEYED((pipe, f) -> pipe.mapKeyed("stage", 3, unchecked(f), x -> x)),
  MAP_ASYNC(
      (pipe, f) -> pipe.mapAsync("stage", 3, x -> CompletableFuture.completedFuture(f.apply(x)))),
  ZIP((pipe, f) -> pipe.zip("stage", Pipe.from("other", Numbers.endless()), (x, y) -> f.apply(x))),
  KEY_OF_PARTITION((pipe, f) -> pipe.partitionBy("stage", unchecked(f), 3, lane -> lane)),
  IN_A_PARTITION((pipe, f) -> pipe.partitionBy("lanes", x -> x, 3, lane -> lane.map("stage", f))),
  IN_A_BALANCE((pipe, f) -> pipe.balance("lanes", 3, lane -> lane.map("stage", f))),
  IN_A_BRANCH((pipe, f) -> pipe.broadcast("lanes", List.of(lane -> lane.map("stage", f))));

  /** The name of the stage with the function. */
  static final String NAME = "stage";

  /** Puts a function into a pipe. */
  @FunctionalInterface
  private interface Putting {
    Pipe<Integer> to(Pipe<Integer> pipe, StageFunction<Integer, Integer> function);
  }

  private final Putting putting;

  Site(Putting putting) {
    this.putting = putting;
  }

  /** The pipe, continued by a stage with the function. */
  Pipe<Integer> addTo(Pipe<Integer> pipe, StageFunction<Integer, Integer> function) {
    return putting.to(pipe, function);
  }

  /** The element named in the failure when the function throws for that element. */
  Object failed(int element) {
    return this == ZIP ? List.of(element, element) : element;
  }

  /** The number of elements for which one failure of the function counts. */
  int weight() {
    return this == ZIP ? 2 : 1;
  }

  private static <I, O> Function<I, O> unchecked(StageFunction<I, O> function) {
    return element -> {
      try {
        return function.apply(element);
      } catch (Exception e) {
        throw sneaked(e);
      }
    };
  }

  /**
   * Throws a checked exception that the method does not declare, as languages without checked
   * exceptions do.
   */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <X extends Throwable> RuntimeException sneaked(Throwable thrown) throws X {
    throw (X) thrown;
  }

  private static <T> Iterator<T> iterator(StageFunction<T, T> function, T element) {
    return new Iterator<>() {
      private boolean isDone;

      @Override
      public boolean hasNext() {
        return !isDone;
      }

      @Override
      public T next() {
        isDone = true;
        return unchecked(function).apply(element);
      }
    };
  }

  private static Transform<Integer, Integer> own(StageFunction<Integer, Integer> function) {
    return (Integer element, Emitter<? super Integer> out) -> {
      out.emit(function.apply(element));
      return Transform.Outcome.USED;
    };
  }
}
