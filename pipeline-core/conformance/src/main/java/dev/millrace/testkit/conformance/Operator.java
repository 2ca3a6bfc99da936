package dev.millrace.testkit.conformance;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toCollection;

import dev.millrace.pipeline.Batches;
import dev.millrace.pipeline.Branches;
import dev.millrace.pipeline.Buffers;
import dev.millrace.pipeline.EventWindows;
import dev.millrace.pipeline.Groups;
import dev.millrace.pipeline.Hooks;
import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Operators;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipes;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunctions;
import dev.millrace.pipeline.TimedOperators;
import dev.millrace.pipeline.Valve;
import dev.millrace.pipeline.Windows;
import dev.millrace.testkit.conformance.Plan.Planned;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Every operator of a pipe, on integers, with a model that computes its results from a list. */
@SuppressWarnings("ImmutableEnumChecker") // functions without state
enum Operator {
  MAP((pipe, name) -> pipe.map(name, x -> x + 1), each(x -> x + 1)),
  FILTER(
      (pipe, name) -> pipe.filter(name, x -> x % 3 != 0),
      list -> list.stream().filter(x -> x % 3 != 0).toList()),
  FLAT_MAP(
      (pipe, name) -> pipe.flatMap(name, Operator::repeated),
      list -> list.stream().flatMap(x -> repeated(x).stream()).toList()),
  TEE((pipe, name) -> pipe.tee(name, x -> {}), each(x -> x)),
  SCAN((pipe, name) -> pipe.scan(name, () -> 0, Integer::sum), Models::sums),
  TAKE((pipe, name) -> pipe.take(name, 5), list -> list.stream().limit(5).toList()),
  TAKE_NONE((pipe, name) -> pipe.take(name, 0), list -> List.of()),
  SKIP((pipe, name) -> pipe.skip(name, 3), list -> list.stream().skip(3).toList()),
  TAKE_WHILE(
      (pipe, name) -> pipe.takeWhile(name, x -> x < 7),
      list -> list.stream().takeWhile(x -> x < 7).toList()),
  DISTINCT((pipe, name) -> pipe.distinct(name, x -> x % 10), Models::firstsOfTens),
  BATCH(
      (pipe, name) -> pipe.batch(name, 4).map(name + " hash", List::hashCode),
      list -> Models.windows(list, 4, 4, true)),
  BATCH_IN_TIME(
      (pipe, name) -> pipe.batch(name, 4, Duration.ofHours(1)).map(name + " hash", List::hashCode),
      list -> Models.windows(list, 4, 4, true)),
  WINDOW_OVERLAPPING(
      (pipe, name) -> pipe.window(name, 3, 1).map(name + " hash", List::hashCode),
      list -> Models.windows(list, 3, 1, false)),
  WINDOW_WITH_GAPS(
      (pipe, name) -> pipe.window(name, 2, 5).map(name + " hash", List::hashCode),
      list -> Models.windows(list, 2, 5, false)),
  WINDOW_PARTIAL(
      (pipe, name) -> pipe.windowPartial(name, 3, 2).map(name + " hash", List::hashCode),
      list -> Models.windows(list, 3, 2, true)),
  VIA((pipe, name) -> pipe.via(name, Counting::new), Models::counted),
  DISTINCT_UNTIL_CHANGED(
      (pipe, name) -> pipe.via(name, Operators.distinctUntilChanged(x -> x / 3)), Models::changes),
  DISTINCT_OF_FEW(
      (pipe, name) -> pipe.via(name, Operators.distinct(x -> x * x % 10, 3)),
      list -> Models.distinct(list, x -> x * x % 10, 3)),
  SKIP_WHILE(
      (pipe, name) -> pipe.via(name, Operators.skipWhile(x -> x < 7)),
      list -> list.stream().dropWhile(x -> x < 7).toList()),
  TAKE_UNTIL((pipe, name) -> pipe.via(name, Operators.takeUntil(x -> x >= 7)), Models::until),
  TAKE_LAST(
      (pipe, name) -> pipe.via(name, Operators.takeLast(3)),
      list -> list.subList(Math.max(0, list.size() - 3), list.size())),
  SKIP_LAST(
      (pipe, name) -> pipe.via(name, Operators.skipLast(3)),
      list -> list.subList(0, Math.max(0, list.size() - 3))),
  EVERY((pipe, name) -> pipe.via(name, Operators.every(3)), list -> Models.every(list, 3)),
  SAMPLE_FIRST(
      (pipe, name) -> pipe.via(name, Operators.sampleFirst(Duration.ofHours(1))),
      list -> list.stream().limit(1).toList()),
  ZIP_WITH_INDEX(
      (pipe, name) ->
          pipe.via(name, Operators.<Integer>zipWithIndex())
              .map(name + " sum", x -> x.element() * 31 + (int) x.index()),
      list -> IntStream.range(0, list.size()).mapToObj(i -> list.get(i) * 31 + i).toList()),
  INTERSPERSE(
      (pipe, name) -> pipe.via(name, Operators.intersperse(-7)),
      list -> Models.interspersed(list, -7)),
  INTERSPERSE_WITH_ENDS(
      (pipe, name) -> pipe.via(name, Operators.intersperse(-5, -7, -9)),
      list -> Models.between(-5, Models.interspersed(list, -7), -9)),
  DEFAULT_IF_EMPTY(
      (pipe, name) -> pipe.via(name, Operators.defaultIfEmpty(4)),
      list -> list.isEmpty() ? List.of(4) : list),
  PREPEND(
      (pipe, name) -> pipe.prepend(name, Others.LIST),
      list -> Stream.concat(Others.LIST.stream(), list.stream()).toList()),
  APPEND(
      (pipe, name) -> pipe.append(name, Others.LIST),
      list -> Stream.concat(list.stream(), Others.LIST.stream()).toList()),
  ON_ERROR_RETURN(
      (pipe, name) -> pipe.map(name, StageFunctions.onErrorReturn(Operator::thirds, 5)),
      each(x -> x % 3 == 0 ? x / 3 : 5)),
  DELAY(
      (pipe, name) -> pipe.mapParallel(name, 50, StageFunctions.delay(Duration.ofNanos(1000))),
      each(x -> x)),
  HOOKS(
      (pipe, name) ->
          pipe.via(name, Hooks.onStart(() -> {})).via(name + " end", Hooks.onEnd(ending -> {})),
      each(x -> x)),
  BATCH_BY_WEIGHT(
      (pipe, name) ->
          pipe.via(name, Batches.byWeight(5, 9, x -> Math.floorMod(x, 7)))
              .map(name + " hash", List::hashCode),
      list -> Models.hashes(Models.batchesByWeight(list, 5, 9, x -> Math.floorMod(x, 7)))),
  BATCH_UNTIL(
      (pipe, name) ->
          pipe.via(name, Batches.until(5, x -> x % 4 == 0)).map(name + " hash", List::hashCode),
      list -> Models.hashes(Models.batchesUntil(list, 5, x -> x % 4 == 0))),
  BATCH_BY_KEY(
      (pipe, name) ->
          pipe.via(name, Batches.byKey(3, x -> x / 5)).map(name + " hash", List::hashCode),
      list -> Models.hashes(Models.batchesByKey(list, 3, x -> x / 5))),
  BATCH_BY_KEY_IN_TIME(
      (pipe, name) ->
          pipe.via(name, Batches.byKey(3, x -> x / 5, Duration.ofHours(1)))
              .map(name + " hash", List::hashCode),
      list -> Models.hashes(Models.batchesByKey(list, 3, x -> x / 5))),
  WINDOW_TUMBLING(
      (pipe, name) ->
          pipe.via(name, Windows.<Integer>tumbling(Duration.ofHours(1), 4))
              .map(name + " hash", List::hashCode),
      list -> Models.windows(list, 4, 4, true)),
  WINDOW_SESSION(
      (pipe, name) ->
          pipe.via(name, Windows.<Integer>session(Duration.ofHours(1), 4))
              .map(name + " hash", List::hashCode),
      list -> Models.windows(list, 4, 4, true)),
  WINDOW_SLIDING(
      (pipe, name) ->
          pipe.via(
                  name,
                  Windows.<Integer>sliding(Duration.ofHours(2), Duration.ofHours(1), 1_000_000))
              .map(name + " hash", List::hashCode),
      list -> list.isEmpty() ? List.of() : List.of(list.hashCode())),
  TIMEOUTS(
      (pipe, name) ->
          pipe.via(name, TimedOperators.idleTimeout(Duration.ofHours(1)))
              .via(name + " first", TimedOperators.initialTimeout(Duration.ofHours(1)))
              .via(name + " last", TimedOperators.completionTimeout(Duration.ofHours(1))),
      each(x -> x)),
  TAKE_FOR(
      (pipe, name) -> pipe.via(name, TimedOperators.takeFor(Duration.ofHours(1))), each(x -> x)),
  KEEP_ALIVE(
      (pipe, name) -> pipe.via(name, TimedOperators.keepAlive(Duration.ofHours(1), () -> 0)),
      each(x -> x)),
  THROTTLE((pipe, name) -> pipe.throttle(name, 1_000_000, Duration.ofMillis(1)), each(x -> x)),
  DEBOUNCE((pipe, name) -> pipe.debounce(name, Duration.ofHours(1)), Models::last),
  SAMPLE((pipe, name) -> pipe.sample(name, Duration.ofHours(1)), Models::last),
  BUFFER((pipe, name) -> pipe.buffer(name, 4), each(x -> x)),
  BUFFER_OF_ONE((pipe, name) -> pipe.buffer(name, 1, Overflow.WAIT), each(x -> x)),
  MAP_PARALLEL((pipe, name) -> pipe.mapParallel(name, 4, x -> x * 2), each(x -> x * 2)),
  MAP_PARALLEL_WITHOUT_PREFETCH(
      (pipe, name) -> pipe.prefetch(0).mapParallel(name, 3, x -> x * 2), each(x -> x * 2)),
  MAP_PARALLEL_BY_ONE((pipe, name) -> pipe.mapParallel(name, 1, x -> x * 2), each(x -> x * 2)),
  MAP_PARALLEL_UNORDERED(
      (pipe, name) -> pipe.mapParallelUnordered(name, 4, x -> x * 2), each(x -> x * 2), x -> x),
  MAP_KEYED(
      (pipe, name) -> pipe.mapKeyed(name, 4, x -> Math.floorMod(x, 7), x -> x + 70),
      each(x -> x + 70),
      x -> x % 7),
  MAP_ASYNC(
      (pipe, name) -> pipe.mapAsync(name, 4, x -> CompletableFuture.supplyAsync(() -> x - 1)),
      each(x -> x - 1)),
  BROADCAST(
      (pipe, name) ->
          pipe.broadcast(
              name,
              List.of(
                  lane -> lane.map(name + " up", x -> x * 2),
                  lane -> lane.map(name + " down", x -> x * 2 + 1))),
      list -> list.stream().flatMap(x -> Stream.of(x * 2, x * 2 + 1)).toList(),
      x -> x % 2),
  BALANCE(
      (pipe, name) -> pipe.balance(name, 3, lane -> lane.map(name + " copy", x -> -x)),
      each(x -> -x),
      x -> x),
  PARTITION_BY(
      (pipe, name) ->
          pipe.partitionBy(
              name, x -> Math.floorMod(x, 7), 3, lane -> lane.map(name + " copy", x -> x + 70)),
      each(x -> x + 70),
      x -> x % 7),
  MERGE(
      (pipe, name) -> Pipe.merge(name, List.of(pipe, others(name))),
      list -> Stream.concat(list.stream(), Others.LIST.stream()).toList(),
      x -> Others.LIST.contains(x) ? x : 0),
  CONCAT(
      (pipe, name) -> Pipe.concat(name, List.of(pipe, others(name))),
      list -> Stream.concat(list.stream(), Others.LIST.stream()).toList()),
  CONCAT_BEHIND(
      (pipe, name) -> Pipe.concat(name, List.of(others(name), pipe)),
      list -> Stream.concat(Others.LIST.stream(), list.stream()).toList()),
  ZIP(
      (pipe, name) ->
          pipe.zip(name, Pipe.from(name + " other", Numbers.endless()), (x, y) -> x * 31 + y),
      list -> IntStream.range(0, list.size()).mapToObj(i -> list.get(i) * 31 + i).toList()),
  ZIP_OF_THREE(
      (pipe, name) ->
          Pipes.zip(
              name,
              List.of(
                  Pipe.from(name + " left", Numbers.endless()),
                  pipe,
                  Pipe.from(name + " right", Numbers.endless())),
              List::hashCode),
      list ->
          IntStream.range(0, list.size())
              .mapToObj(i -> List.of(i, list.get(i), i).hashCode())
              .toList()),
  INTERLEAVE(
      (pipe, name) -> Pipes.interleave(name, List.of(others(name), pipe)),
      list -> Models.interleaved(Others.LIST, list)),
  OR_ELSE(
      (pipe, name) -> Pipes.orElse(name, pipe, others(name)),
      list -> list.isEmpty() ? Others.LIST : list),
  COMBINE_LATEST_OF_ONE(
      (pipe, name) -> Pipes.combineLatest(name, List.of(pipe), List::getFirst), each(x -> x)),
  ZIP_ALL(
      (pipe, name) -> Pipes.zipAll(name, List.of(pipe, others(name)), -1, List::hashCode),
      list -> Models.zippedAll(list, Others.LIST, -1)),
  MERGE_PRIORITIZED(
      (pipe, name) -> Pipes.mergePrioritized(name, 3, List.of(others(name), pipe)),
      list -> Stream.concat(list.stream(), Others.LIST.stream()).toList(),
      x -> Others.LIST.contains(x) ? x : 0),
  CONFLATE(
      (pipe, name) ->
          pipe.map(name + " list", List::of)
              .through(Buffers.conflate(name, Models::joined))
              .flatMap(name + " all", list -> list),
      each(x -> x)),
  EXPAND(
      (pipe, name) -> pipe.through(Buffers.expand(name, x -> Collections.emptyIterator())),
      each(x -> x)),
  PRIORITIZED((pipe, name) -> pipe.through(Buffers.prioritized(name, 4, x -> 7)), each(x -> x)),
  VALVE((pipe, name) -> pipe.via(name, new Valve().stage()), each(x -> x)),
  ROUTE(
      (pipe, name) ->
          pipe.through(
              Branches.route(
                  name,
                  List.of(
                      Branches.when(x -> x % 3 == 0, lane -> lane.map(name + " a", x -> x + 30)),
                      Branches.when(x -> x % 3 == 1, lane -> lane),
                      Branches.otherwise(lane -> lane.map(name + " c", x -> x - 30))))),
      each(x -> x % 3 == 0 ? x + 30 : x % 3 == 1 ? x : x - 30),
      x -> x % 3),
  ALSO_TO((pipe, name) -> pipe.through(Branches.alsoTo(name, Sink.count())), each(x -> x)),
  DIVERT_TO(
      (pipe, name) -> pipe.through(Branches.divertTo(name, x -> x % 3 == 0, Sink.count())),
      list -> list.stream().filter(x -> x % 3 != 0).toList()),
  GROUPS(
      (pipe, name) ->
          pipe.via(name, Groups.byKey(x -> x % 3, 9, Duration.ofHours(1), Operator::grouped))
              .map(name + " hash", List::hashCode),
      list -> Models.hashes(Models.grouped(list, x -> x % 7 != 0, x -> x % 3, 9))),
  GROUPS_OF_FEW(
      (pipe, name) ->
          pipe.via(name, Groups.byKey(x -> x % 5, 2, Duration.ofHours(1), Operator::grouped))
              .map(name + " hash", List::hashCode),
      list -> Models.hashes(Models.grouped(list, x -> x % 7 != 0, x -> x % 5, 2))),
  SPLIT_BEFORE(
      (pipe, name) ->
          pipe.via(name, Groups.splitBefore(x -> x % 6 == 0, Operator::grouped))
              .map(name + " hash", List::hashCode),
      list ->
          Models.hashes(
              Models.ofFours(Models.splitBefore(list, x -> x % 6 == 0), x -> x % 7 != 0))),
  SPLIT_AFTER(
      (pipe, name) ->
          pipe.via(name, Groups.splitAfter(x -> x % 6 == 0, Operator::grouped))
              .map(name + " hash", List::hashCode),
      list ->
          Models.hashes(Models.ofFours(Models.splitAfter(list, x -> x % 6 == 0), x -> x % 7 != 0))),
  GROUPS_OF_SIZE(
      (pipe, name) ->
          pipe.via(name, Groups.ofSize(5, Operator::grouped)).map(name + " hash", List::hashCode),
      list ->
          Models.hashes(Models.ofFours(Models.batchesUntil(list, 5, x -> false), x -> x % 7 != 0))),
  GROUPS_IN_TIME(
      (pipe, name) ->
          pipe.via(name, Groups.ofTime(Duration.ofHours(1), Operator::grouped))
              .map(name + " hash", List::hashCode),
      list -> Models.hashes(Models.ofFours(List.of(list), x -> x % 7 != 0))),
  EVENT_WINDOWS(
      (pipe, name) ->
          pipe.via(
                  name,
                  EventWindows.tumbling(
                      Duration.ofSeconds(10),
                      Instant::ofEpochSecond,
                      Duration.ofSeconds(5),
                      100_000,
                      late -> {}))
              .map(name + " hash", window -> window.elements().hashCode()),
      list -> Models.hashes(Models.eventWindows(list, 10, 5)));

  /** Adds the operator to a pipe, as a stage with this name. */
  @FunctionalInterface
  private interface Adding {
    Pipe<Integer> to(Pipe<Integer> pipe, String name);
  }

  /** A holder class: enum constants cannot use static fields of their enum. */
  private static final class Others {
    static final List<Integer> LIST = List.of(-1_000_003, -1_000_002, -1_000_001);
  }

  private final Adding adding;
  private final UnaryOperator<List<Integer>> model;
  private final Function<Integer, Integer> lane;
  private final boolean isOrdered;

  Operator(Adding adding, UnaryOperator<List<Integer>> model) {
    this(adding, model, x -> 0, true);
  }

  Operator(Adding adding, UnaryOperator<List<Integer>> model, Function<Integer, Integer> lane) {
    this(adding, model, lane, false);
  }

  Operator(
      Adding adding,
      UnaryOperator<List<Integer>> model,
      Function<Integer, Integer> lane,
      boolean isOrdered) {
    this.adding = adding;
    this.model = model;
    this.lane = lane;
    this.isOrdered = isOrdered;
  }

  /** The pipe, continued by this operator as a stage with this name. */
  Pipe<Integer> addTo(Pipe<Integer> pipe, String name) {
    return adding.to(pipe, name);
  }

  /** The expected output. */
  List<Integer> expected(List<Integer> input) {
    return model.apply(input);
  }

  /** Whether the order of the results is fixed. */
  boolean isOrdered() {
    return isOrdered;
  }

  /** Whether it may emit few elements for an endless input, end by itself, or never be full. */
  boolean isShort() {
    return switch (this) {
      case TAKE,
          TAKE_NONE,
          TAKE_WHILE,
          TAKE_UNTIL,
          TAKE_LAST,
          DISTINCT,
          DEBOUNCE,
          SAMPLE,
          SAMPLE_FIRST,
          CONFLATE,
          WINDOW_SLIDING ->
          true;
      default -> false;
    };
  }

  /** Whether it ends before its input does. */
  boolean endsEarly() {
    return switch (this) {
      case TAKE, TAKE_NONE, TAKE_WHILE, TAKE_UNTIL -> true;
      default -> false;
    };
  }

  /** Whether an element may wait in it for later elements. */
  boolean keepsElements() {
    return switch (this) {
      case BATCH,
          BATCH_IN_TIME,
          WINDOW_OVERLAPPING,
          WINDOW_WITH_GAPS,
          WINDOW_PARTIAL,
          VIA,
          TAKE_LAST,
          SKIP_LAST,
          BATCH_BY_WEIGHT,
          BATCH_UNTIL,
          BATCH_BY_KEY,
          BATCH_BY_KEY_IN_TIME,
          WINDOW_TUMBLING,
          WINDOW_SESSION,
          WINDOW_SLIDING,
          GROUPS,
          GROUPS_OF_FEW,
          SPLIT_BEFORE,
          SPLIT_AFTER,
          GROUPS_OF_SIZE,
          GROUPS_IN_TIME,
          EVENT_WINDOWS,
          DEBOUNCE,
          SAMPLE ->
          true;
      default -> false;
    };
  }

  /** Whether other elements come before all elements of the input. */
  boolean startsWithOthers() {
    return this == CONCAT_BEHIND || this == PREPEND || this == INTERLEAVE;
  }

  /** Whether an engine may read elements of other sources that it does not need. */
  boolean readsOthersAhead() {
    return switch (this) {
      case ZIP, ZIP_OF_THREE, ZIP_ALL, INTERLEAVE, OR_ELSE -> true;
      default -> false;
    };
  }

  /** Whether it emits elements that it would also emit for an empty input. */
  boolean addsElements() {
    return switch (this) {
      case MERGE,
          CONCAT,
          CONCAT_BEHIND,
          PREPEND,
          APPEND,
          INTERLEAVE,
          ZIP_ALL,
          MERGE_PRIORITIZED,
          OR_ELSE,
          INTERSPERSE_WITH_ENDS,
          DEFAULT_IF_EMPTY ->
          true;
      default -> false;
    };
  }

  /** The results, split into the parts in which the order is promised. */
  Map<Integer, List<Integer>> inLanes(List<Integer> results) {
    return results.stream()
        .collect(groupingBy(lane, LinkedHashMap::new, toCollection(ArrayList::new)));
  }

  private static UnaryOperator<List<Integer>> each(UnaryOperator<Integer> function) {
    return list -> list.stream().map(function).toList();
  }

  private static List<Integer> repeated(int x) {
    return Collections.nCopies(Math.floorMod(x, 3), x);
  }

  private static Pipe<Integer> others(String name) {
    return Pipe.from(name + " other", Source.of(Others.LIST));
  }

  private static Pipe<List<Integer>> grouped(Pipe<Integer> group) {
    return group.filter("odd ones", x -> x % 7 != 0).batch("four", 4);
  }

  private static int thirds(int x) throws Planned {
    if (x % 3 != 0) {
      throw new Planned(x);
    }
    return x / 3;
  }
}
