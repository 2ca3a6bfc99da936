package dev.millrace.testkit.conformance;

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
import dev.millrace.pipeline.TimeWindow;
import dev.millrace.pipeline.TimedOperators;
import dev.millrace.pipeline.Valve;
import dev.millrace.pipeline.Windows;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The operators of a pipe, on elements that know the numbers that they were made of. */
@SuppressWarnings("ImmutableEnumChecker") // functions without state
enum TaggedStage {
  MAP((pipe, name, look) -> pipe.map(name, look::at), true),
  FILTER((pipe, name, look) -> pipe.filter(name, tag -> look.passes(tag)), true),
  TEE((pipe, name, look) -> pipe.tee(name, look::at), true),
  FLAT_MAP(
      (pipe, name, look) ->
          pipe.flatMap(name, tag -> Collections.nCopies(look.at(tag).value() % 4, tag)),
      false),
  SCAN(
      (pipe, name, look) ->
          pipe.scan(name, () -> Tag.plain(0), (state, tag) -> look.at(tag).plus(state.value())),
      true),
  SKIP((pipe, name, look) -> pipe.skip(name, 2), false),
  DISTINCT((pipe, name, look) -> pipe.distinct(name, tag -> look.at(tag).value() % 11), false),
  CHANGES(
      (pipe, name, look) ->
          pipe.via(name, Operators.distinctUntilChanged(tag -> look.at(tag).value() / 2)),
      false),
  DISTINCT_OF_FEW(
      (pipe, name, look) -> pipe.via(name, Operators.distinct(tag -> look.at(tag).value() % 5, 3)),
      false),
  SKIP_WHILE(
      (pipe, name, look) -> pipe.via(name, Operators.skipWhile(tag -> look.at(tag).value() < 9)),
      false),
  EVERY((pipe, name, look) -> pipe.via(name, Operators.every(2)), false),
  TAKE_LAST((pipe, name, look) -> pipe.via(name, Operators.takeLast(20)), false),
  SKIP_LAST((pipe, name, look) -> pipe.via(name, Operators.skipLast(3)), false),
  ZIP_WITH_INDEX(
      (pipe, name, look) ->
          pipe.via(name, Operators.<Tag>zipWithIndex())
              .map(name + " sum", x -> x.element().plus((int) x.index())),
      true),
  INTERSPERSE((pipe, name, look) -> pipe.via(name, Operators.intersperse(Tag.plain(1))), true),
  PREPEND((pipe, name, look) -> pipe.prepend(name, List.of(Tag.plain(3), Tag.plain(4))), true),
  APPEND((pipe, name, look) -> pipe.append(name, List.of(Tag.plain(5))), true),
  HOOKS(
      (pipe, name, look) ->
          pipe.via(name, Hooks.onStart(() -> {})).via(name + " end", Hooks.onEnd(ending -> {})),
      true),
  BATCH((pipe, name, look) -> union(pipe.batch(name, 3), name, look), true),
  BATCH_IN_TIME(
      (pipe, name, look) -> union(pipe.batch(name, 3, Duration.ofMillis(2)), name, look), true),
  BATCH_BY_WEIGHT(
      (pipe, name, look) ->
          union(pipe.via(name, Batches.byWeight(4, 9, tag -> tag.value() % 6)), name, look),
      true),
  BATCH_UNTIL(
      (pipe, name, look) ->
          union(pipe.via(name, Batches.until(4, tag -> look.at(tag).value() % 3 == 0)), name, look),
      true),
  BATCH_BY_KEY(
      (pipe, name, look) ->
          union(pipe.via(name, Batches.byKey(4, tag -> look.at(tag).value() / 3)), name, look),
      true),
  BATCH_BY_KEY_IN_TIME(
      (pipe, name, look) ->
          union(
              pipe.via(name, Batches.byKey(4, tag -> tag.value() / 3, Duration.ofMillis(2))),
              name,
              look),
      true),
  TUMBLING(
      (pipe, name, look) ->
          union(pipe.via(name, Windows.<Tag>tumbling(Duration.ofNanos(20_000), 5)), name, look),
      true),
  SESSION(
      (pipe, name, look) ->
          union(pipe.via(name, Windows.<Tag>session(Duration.ofNanos(20_000), 5)), name, look),
      true),
  SLIDING(
      (pipe, name, look) ->
          union(
              pipe.via(
                  name,
                  Windows.<Tag>sliding(Duration.ofNanos(50_000), Duration.ofNanos(20_000), 5)),
              name,
              look),
      false),
  TIMEOUTS(
      (pipe, name, look) ->
          pipe.via(name, TimedOperators.idleTimeout(Duration.ofHours(1)))
              .via(name + " all", TimedOperators.completionTimeout(Duration.ofHours(1))),
      true),
  TAKE_FOR(
      (pipe, name, look) -> pipe.via(name, TimedOperators.takeFor(Duration.ofMillis(1))), false),
  KEEP_ALIVE(
      (pipe, name, look) ->
          pipe.via(name, TimedOperators.keepAlive(Duration.ofMillis(1), () -> Tag.plain(8))),
      true),
  SLIDE((pipe, name, look) -> union(pipe.window(name, 3, 1), name, look), false),
  HOP((pipe, name, look) -> union(pipe.window(name, 2, 5), name, look), false),
  UNKNOWN((pipe, name, look) -> pipe.via(name, () -> new Late(look, Transform.ALL)), true),
  LATE((pipe, name, look) -> pipe.via(name, () -> new Late(look, 1)), true),
  THROTTLE((pipe, name, look) -> pipe.throttle(name, 1000, Duration.ofMillis(1)), true),
  DEBOUNCE((pipe, name, look) -> pipe.debounce(name, Duration.ofNanos(20_000)), false),
  SAMPLE((pipe, name, look) -> pipe.sample(name, Duration.ofNanos(20_000)), false),
  BUFFER((pipe, name, look) -> pipe.buffer(name, 3), true),
  DROP_NEWEST((pipe, name, look) -> pipe.buffer(name, 2, Overflow.DROP_NEWEST), false),
  DROP_OLDEST((pipe, name, look) -> pipe.buffer(name, 2, Overflow.DROP_OLDEST), false),
  PARALLEL((pipe, name, look) -> pipe.mapParallel(name, 3, look::at), true),
  UNORDERED((pipe, name, look) -> pipe.mapParallelUnordered(name, 3, look::at), true),
  KEYED((pipe, name, look) -> pipe.mapKeyed(name, 3, look::key, look::at), true),
  ASYNC(
      (pipe, name, look) ->
          pipe.mapAsync(
              name,
              3,
              tag -> {
                Tag next = look.at(tag);
                return CompletableFuture.supplyAsync(() -> next);
              }),
      true),
  BROADCAST(
      (pipe, name, look) ->
          pipe.broadcast(
              name,
              List.of(
                  lane -> lane.buffer(name + " a", 2),
                  lane -> union(lane.batch(name + " b", 2), name + " b", look),
                  lane -> lane.filter(name + " c", tag -> look.at(tag).value() % 2 == 0))),
      false),
  BROADCAST_TWICE(
      (pipe, name, look) ->
          pipe.broadcast(
              name,
              List.of(
                  lane -> lane.map(name + " a", look::at),
                  lane ->
                      lane.buffer(name + " b", 1)
                          .broadcast(
                              name + " c",
                              List.of(
                                  in -> in.map(name + " d", look::at),
                                  in -> in.mapParallel(name + " e", 2, look::at))))),
      false),
  BALANCE(
      (pipe, name, look) -> pipe.balance(name, 3, lane -> lane.map(name + " m", look::at)), true),
  PARTITION(
      (pipe, name, look) ->
          pipe.partitionBy(name, look::key, 3, lane -> lane.map(name + " m", look::at)),
      true),
  PARTITION_IN_BROADCASTS(
      (pipe, name, look) ->
          pipe.partitionBy(
              name,
              look::key,
              2,
              lane ->
                  lane.broadcast(
                      name + " b",
                      List.of(
                          in -> in.map(name + " m", look::at),
                          in -> in.mapParallel(name + " n", 2, look::at)))),
      false),
  MERGE((pipe, name, look) -> Pipe.merge(name, List.of(pipe, others(name))), true),
  CONCAT((pipe, name, look) -> Pipe.concat(name, List.of(pipe, others(name))), true),
  ZIP(
      (pipe, name, look) ->
          pipe.zip(
              name,
              Pipe.from(name + " other", Numbers.endless()),
              (tag, number) -> look.at(tag).plus(number)),
      true),
  ZIP_OF_THREE(
      (pipe, name, look) ->
          Pipes.zip(
              name,
              List.of(endless(name + " left"), pipe, endless(name + " right")),
              tags -> look.at(Tag.union(tags))),
      true),
  INTERLEAVE((pipe, name, look) -> Pipes.interleave(name, List.of(pipe, others(name))), true),
  OR_ELSE((pipe, name, look) -> Pipes.orElse(name, pipe, others(name)), true),
  COMBINE_LATEST_OF_ONE(
      (pipe, name, look) ->
          Pipes.combineLatest(name, List.of(pipe), tags -> look.at(tags.getFirst())),
      true),
  WITH_LATEST(
      (pipe, name, look) ->
          Pipes.withLatestFrom(name, pipe, endless(name + " other"), (tag, other) -> look.at(tag)),
      false),
  ZIP_ALL(
      (pipe, name, look) ->
          Pipes.zipAll(
              name, List.of(pipe, others(name)), Tag.plain(0), tags -> look.at(Tag.union(tags))),
      true),
  MERGE_PRIORITIZED(
      (pipe, name, look) -> Pipes.mergePrioritized(name, 2, List.of(others(name), pipe)), true),
  CONFLATE(
      (pipe, name, look) ->
          pipe.through(Buffers.conflate(name, (a, b) -> Tag.union(List.of(a, b))))
              .map(name + " look", look::at),
      true),
  EXPAND(
      (pipe, name, look) ->
          pipe.through(Buffers.expand(name, tag -> List.of(look.at(tag)).iterator())),
      false),
  FAILING((pipe, name, look) -> pipe.through(Buffers.failing(name, 3)), false),
  PRIORITIZED(
      (pipe, name, look) ->
          pipe.through(Buffers.prioritized(name, 3, tag -> look.at(tag).value() % 3)),
      true),
  VALVE((pipe, name, look) -> pipe.via(name, new Valve().stage()), true),
  ROUTE(
      (pipe, name, look) ->
          pipe.through(
              Branches.route(
                  name,
                  List.of(
                      Branches.when(
                          tag -> look.at(tag).value() % 2 == 0,
                          lane -> union(lane.batch(name + " a", 2), name + " a", look)),
                      Branches.otherwise(
                          lane ->
                              lane.broadcast(
                                  name + " b",
                                  List.of(
                                      in -> in.map(name + " c", look::at),
                                      in -> in.mapParallel(name + " d", 2, look::at))))))),
      false),
  ALSO_TO((pipe, name, look) -> pipe.through(Branches.alsoTo(name, Sink.count())), false),
  DIVERT_TO(
      (pipe, name, look) -> pipe.through(Branches.divertTo(name, look::passes, Sink.count())),
      false),
  GROUPS(
      (pipe, name, look) ->
          union(
              pipe.via(
                  name,
                  Groups.byKey(
                      look::key,
                      3,
                      Duration.ofNanos(100_000),
                      group -> group.map("look", look::at).batch("two", 2))),
              name,
              look),
      true),
  SPLIT_BEFORE(
      (pipe, name, look) ->
          union(
              pipe.via(
                  name,
                  Groups.splitBefore(
                      tag -> look.at(tag).value() % 5 == 0,
                      group -> group.map("look", look::at).batch("two", 2))),
              name,
              look),
      true),
  SPLIT_AFTER(
      (pipe, name, look) ->
          union(
              pipe.via(
                  name,
                  Groups.splitAfter(
                      tag -> look.at(tag).value() % 5 == 0, group -> group.batch("three", 3))),
              name,
              look),
      true),
  GROUPS_OF_SIZE(
      (pipe, name, look) ->
          union(
              pipe.via(
                  name, Groups.ofSize(5, group -> group.map("look", look::at).batch("three", 3))),
              name,
              look),
      true),
  GROUPS_IN_TIME(
      (pipe, name, look) ->
          union(
              pipe.via(
                  name, Groups.ofTime(Duration.ofNanos(100_000), group -> group.batch("two", 2))),
              name,
              look),
      true),
  EVENT_WINDOWS(
      (pipe, name, look) ->
          union(
              pipe.via(
                      name,
                      EventWindows.<Tag>sliding(
                          Duration.ofSeconds(20),
                          Duration.ofSeconds(10),
                          tag -> Instant.ofEpochSecond(look.at(tag).value()),
                          Duration.ZERO,
                          50,
                          late -> {}))
                  .map(name + " list", TimeWindow::elements),
              name,
              look),
      false),
  TAKE((pipe, name, look) -> pipe.take(name, 7), false),
  TAKE_WHILE((pipe, name, look) -> pipe.takeWhile(name, tag -> look.at(tag).value() < 990), false),
  TAKE_UNTIL(
      (pipe, name, look) -> pipe.via(name, Operators.takeUntil(tag -> look.at(tag).value() > 50)),
      false);

  /**
   * Called by each function for its element: checks that the numbers of the element are not settled
   * yet.
   */
  interface Look {
    /** May throw. */
    Tag at(Tag tag) throws Exception;

    /** Whether a filter passes the element. May throw. */
    boolean passes(Tag tag) throws Exception;

    /** The key of an element; may throw. */
    Object key(Tag tag);
  }

  /** Adds the operator to a pipe. */
  @FunctionalInterface
  private interface Adding {
    Pipe<Tag> to(Pipe<Tag> pipe, String name, Look look);
  }

  private final Adding adding;
  private final boolean isLinear;

  TaggedStage(Adding adding, boolean isLinear) {
    this.adding = adding;
    this.isLinear = isLinear;
  }

  Pipe<Tag> addTo(Pipe<Tag> pipe, String name, Look look) {
    return adding.to(pipe, name, look);
  }

  /**
   * Whether each number goes into exactly one element of this stage, and ends where a function sees
   * it.
   */
  boolean isLinear() {
    return isLinear;
  }

  /** Whether all numbers are settled in an undisturbed run. */
  boolean isExhaustive() {
    return switch (this) {
      case SLIDE,
          HOP,
          ZIP,
          ZIP_OF_THREE,
          ZIP_ALL,
          INTERLEAVE,
          TAKE,
          TAKE_WHILE,
          TAKE_UNTIL,
          TAKE_FOR ->
          false;
      default -> true;
    };
  }

  private static Pipe<Tag> union(Pipe<List<Tag>> pipe, String name, Look look) {
    return pipe.map(name + " union", tags -> look.at(Tag.union(tags)));
  }

  private static Pipe<Tag> endless(String name) {
    return Pipe.from(name, Numbers.endless()).map(name + " tag", Tag::plain);
  }

  private static Pipe<Tag> others(String name) {
    return Pipe.from(
        name + " other", Source.of(IntStream.range(0, 5).mapToObj(Tag::plain).toList()));
  }

  /** Emits each element when the next one comes. */
  private static final class Late implements Transform<Tag, Tag> {
    private final Look look;
    private final int says;
    private @Nullable Tag last;

    Late(Look look, int says) {
      this.look = look;
      this.says = says;
    }

    @Override
    public Outcome accept(Tag element, Emitter<? super Tag> out) throws Exception {
      Tag before = last;
      last = look.at(element);
      if (before != null) {
        out.emit(before);
      }
      return Outcome.USED;
    }

    @Override
    public void end(Emitter<? super Tag> out) {
      Tag before = last;
      last = null;
      if (before != null) {
        out.emit(before);
      }
    }

    @Override
    public int holds() {
      return says == ALL ? ALL : last == null ? 0 : 1;
    }
  }
}
