package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Batches;
import dev.millrace.pipeline.Groups;
import dev.millrace.pipeline.Operators;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * A pipeline as data, with its expected results, so that it can be drawn at random, printed and
 * shrunk.
 *
 * @param numbers the count of numbers that the source gives, from 0
 */
record Plan(int numbers, List<Step> steps) {

  /** Failures and delays of a user's function, decided by the element. */
  record Faults(int failsEach, int slowEach) {
    boolean failsOn(int element) {
      return failsEach > 0 && element % failsEach == 1;
    }

    boolean isSlowOn(int element) {
      return slowEach > 0 && element % slowEach == 0;
    }
  }

  /** Thrown for an element that must fail. */
  static final class Planned extends Exception {
    private static final long serialVersionUID = 1;

    Planned(int element) {
      super("planned for " + element, null, false, false);
    }
  }

  /** A step of a plan. */
  sealed interface Step {
    /** Whether the results depend on the order of the inputs. */
    default boolean needsOrder() {
      return false;
    }

    /** Whether the order of its results is fixed. */
    default boolean keepsOrder() {
      return true;
    }
  }

  /** The operator that applies a function to elements. */
  enum Way {
    ONE_BY_ONE,
    PARALLEL,
    UNORDERED,
    KEYED,
    ASYNC
  }

  /** Makes one element from each element. */
  record Mapping(Way way, int parallelism, int factor, Faults faults) implements Step {
    @Override
    public boolean keepsOrder() {
      return way != Way.UNORDERED && way != Way.KEYED;
    }
  }

  /** Keeps or drops each element. */
  record Filtering(int divisor, Faults faults) implements Step {}

  /** Makes any number of elements from each element. */
  record Flattening(int divisor, Faults faults) implements Step {}

  /** Operators with a state. */
  enum Memory {
    SCAN,
    DISTINCT,
    SKIP,
    BATCH,
    WINDOW,
    CHANGES,
    DISTINCT_OF_FEW,
    SKIP_WHILE,
    EVERY,
    TAKE_LAST,
    SKIP_LAST,
    INTERSPERSE,
    APPEND,
    BATCH_BY_WEIGHT,
    BATCH_UNTIL,
    BATCH_BY_KEY,
    GROUPS,
    SPLIT_BEFORE,
    SPLIT_AFTER,
    FIRSTS_OF_WINDOWS
  }

  /** A step whose results depend on earlier elements. */
  record Remembering(Memory memory, int size) implements Step {
    @Override
    public boolean needsOrder() {
      return true;
    }
  }

  /** A buffer that waits. */
  record Buffering(int capacity) implements Step {}

  /** The branches to which a fan-out gives an element. */
  enum Spread {
    BROADCAST,
    BALANCE,
    PARTITION
  }

  /** A fan-out. A broadcast has one more branch, which passes elements unchanged. */
  record Spreading(Spread spread, int copies, List<Step> inside) implements Step {
    @Override
    public boolean keepsOrder() {
      return false;
    }
  }

  /** How other numbers join the numbers of the pipe. */
  enum Join {
    MERGE,
    CONCAT
  }

  /** Adds other numbers, from 0. */
  record Joining(Join join, int numbers) implements Step {
    @Override
    public boolean keepsOrder() {
      return join != Join.MERGE;
    }
  }

  /** Removes each step that would have more than one right result at its place. */
  Plan {
    steps = determined(steps, true);
  }

  private static List<Step> determined(List<Step> steps, boolean startsOrdered) {
    boolean isOrdered = startsOrdered;
    List<Step> determined = new ArrayList<>();
    for (Step step : steps) {
      if (isOrdered || !step.needsOrder()) {
        determined.add(
            step instanceof Spreading(Spread spread, int copies, List<Step> inside)
                ? new Spreading(spread, copies, determined(inside, false))
                : step);
        isOrdered &= step.keepsOrder();
      }
    }
    return determined;
  }

  static int scaled(int element, int factor) {
    return (element * factor + 1) % 1009;
  }

  // As a pipeline

  /** The plan as a pipe. Its stages have the same names as in the {@link Model}. */
  Pipe<Integer> pipe(RandomPipeline.Hook hook) {
    return new Piping(hook).add(Pipe.from(Numbers.below(numbers)), steps);
  }

  /** Builds a pipe, with names for its stages. */
  private static final class Piping {
    private final RandomPipeline.Hook hook;
    private final Names names = new Names();

    Piping(RandomPipeline.Hook hook) {
      this.hook = hook;
    }

    private Pipe<Integer> add(Pipe<Integer> pipe, List<Step> steps) {
      Pipe<Integer> last = pipe;
      for (Step step : steps) {
        last = add(last, names.next(), step);
      }
      return last;
    }

    private StageFunction<Integer, Integer> faulty(
        Faults faults, StageFunction<Integer, Integer> function) {
      return element -> {
        hook.call();
        if (faults.isSlowOn(element)) {
          Thread.sleep(0, 100_000);
        }
        if (faults.failsOn(element)) {
          throw new Planned(element);
        }
        return function.apply(element);
      };
    }

    private Pipe<Integer> add(Pipe<Integer> pipe, String name, Step step) {
      return switch (step) {
        case Mapping mapping -> map(pipe, name, mapping);
        case Filtering(int divisor, Faults faults) -> {
          var function = faulty(faults, x -> x % divisor);
          yield pipe.filter(name, x -> function.apply(x) != 0);
        }
        case Flattening(int divisor, Faults faults) -> {
          var function = faulty(faults, x -> x % divisor);
          yield pipe.flatMap(name, x -> Collections.nCopies(function.apply(x), x));
        }
        case Remembering(Memory memory, int size) -> remember(pipe, name, memory, size);
        case Buffering(int capacity) -> pipe.buffer(name, capacity);
        case Spreading(Spread spread, int copies, List<Step> inside) ->
            switch (spread) {
              case BROADCAST ->
                  pipe.broadcast(name, List.of(lane -> add(lane, inside), lane -> lane));
              case BALANCE -> pipe.balance(name, copies, lane -> add(lane, inside));
              case PARTITION ->
                  pipe.partitionBy(name, x -> x % 5, copies, lane -> add(lane, inside));
            };
        case Joining(Join join, int numbers) -> {
          var other = Pipe.from(name + " other", Numbers.below(numbers));
          yield switch (join) {
            case MERGE -> Pipe.merge(name, List.of(pipe, other));
            case CONCAT -> Pipe.concat(name, List.of(pipe, other));
          };
        }
      };
    }

    private Pipe<Integer> map(Pipe<Integer> pipe, String name, Mapping mapping) {
      int parallelism = mapping.parallelism();
      var function = faulty(mapping.faults(), x -> scaled(x, mapping.factor()));
      return switch (mapping.way()) {
        case ONE_BY_ONE -> pipe.map(name, function);
        case PARALLEL -> pipe.mapParallel(name, parallelism, function);
        case UNORDERED ->
            pipe.prefetch(parallelism).mapParallelUnordered(name, parallelism, function);
        case KEYED -> pipe.prefetch(0).mapKeyed(name, parallelism, x -> x % 5, function);
        case ASYNC ->
            pipe.mapAsync(
                name, parallelism, x -> CompletableFuture.completedFuture(function.apply(x)));
      };
    }

    private static Pipe<Integer> remember(
        Pipe<Integer> pipe, String name, Memory memory, int size) {
      return switch (memory) {
        case SCAN -> pipe.scan(name, () -> 0, (sum, x) -> (sum + x) % 1009);
        case DISTINCT -> pipe.distinct(name, x -> x % (size * 5));
        case SKIP -> pipe.skip(name, size);
        case BATCH -> pipe.batch(name, size).map(name + " sum", Plan::sum);
        case WINDOW -> pipe.window(name, size, 2).map(name + " sum", Plan::sum);
        case CHANGES -> pipe.via(name, Operators.distinctUntilChanged(x -> x % (size + 1)));
        case DISTINCT_OF_FEW -> pipe.via(name, Operators.distinct(x -> x % (size * 5), size));
        case SKIP_WHILE -> pipe.via(name, Operators.skipWhile(x -> x % (size + 1) != 0));
        case EVERY -> pipe.via(name, Operators.every(size));
        case TAKE_LAST -> pipe.via(name, Operators.takeLast(size * 3));
        case SKIP_LAST -> pipe.via(name, Operators.skipLast(size));
        case INTERSPERSE -> pipe.via(name, Operators.intersperse(size));
        case BATCH_BY_WEIGHT ->
            pipe.via(name, Batches.byWeight(5, size * 3L, x -> x % 7))
                .map(name + " sum", Plan::sum);
        case BATCH_UNTIL ->
            pipe.via(name, Batches.until(5, x -> x % (size + 1) == 0))
                .map(name + " sum", Plan::sum);
        case BATCH_BY_KEY ->
            pipe.via(name, Batches.byKey(4, x -> x % (size + 1))).map(name + " sum", Plan::sum);
        case APPEND -> pipe.append(name, List.of(size, size + 1));
        case GROUPS ->
            pipe.via(
                    name,
                    Groups.byKey(
                        x -> x % 4, size, Duration.ofHours(1), group -> group.batch("four", 4)))
                .map(name + " sum", Plan::sum);
        case SPLIT_BEFORE ->
            pipe.via(
                    name,
                    Groups.splitBefore(x -> x % (size + 1) == 0, group -> group.batch("four", 4)))
                .map(name + " sum", Plan::sum);
        case SPLIT_AFTER ->
            pipe.via(
                    name,
                    Groups.splitAfter(x -> x % (size + 1) == 0, group -> group.batch("four", 4)))
                .map(name + " sum", Plan::sum);
        case FIRSTS_OF_WINDOWS ->
            pipe.via(name, Groups.ofSize(size * 2, group -> group.take("first", size)));
      };
    }
  }

  static int sum(List<Integer> list) {
    return list.stream().mapToInt(x -> x).sum() % 1009;
  }

  /** Names stages in the order in which they are added. */
  static final class Names {
    private int count;

    String next() {
      return "stage " + ++count;
    }
  }

  /** The expected outputs, in order. */
  Model model() {
    var model = new Model();
    model.run(IntStream.range(0, numbers).boxed().toList(), steps);
    return model;
  }

  /** The first number of each remainder. */
  static List<Integer> distinct(List<Integer> list, int divisor) {
    Set<Integer> seen = new HashSet<>();
    return list.stream().filter(x -> seen.add(x % divisor)).toList();
  }
}
