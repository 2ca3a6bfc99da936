package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import dev.millrace.testkit.conformance.Shelf.Item;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A resource stays open as long as its elements. If a source, a flatMap or a stage has opened it,
 * it is closed exactly once, however the run ends. It is closed after the last of its elements has
 * left the run.
 *
 * <p>Public reports of elements whose resource was closed too early: fs2#3076 (entries of a zip
 * file in a parallel stage), reactor-core#1709 and akka-core#22299 (resources and early ends).
 */
abstract class ResourceConformance extends Theme {

  private final Shelf shelf = new Shelf();

  /** Every operator that passes on items, or lists of items. */
  @SuppressWarnings("ImmutableEnumChecker") // functions without state
  enum Passing {
    MAP((pipe, shelf) -> pipe.map("op", item -> item)),
    FILTER((pipe, shelf) -> pipe.filter("op", item -> true)),
    TEE((pipe, shelf) -> pipe.tee("op", Item::use)),
    FLAT_MAP((pipe, shelf) -> pipe.flatMap("op", List::of)),
    FLAT_MAP_ITERABLE((pipe, shelf) -> pipe.flatMap("op", item -> shelf.iterable(3))),
    FLAT_MAP_ITERATOR((pipe, shelf) -> pipe.flatMap("op", item -> shelf.iterator(3))),
    FLAT_MAP_STREAM((pipe, shelf) -> pipe.flatMapStream("op", item -> shelf.stream(3))),
    SCAN((pipe, shelf) -> pipe.scan("op", () -> new Item(shelf.open(), 0), (last, item) -> item)),
    TAKE((pipe, shelf) -> pipe.take("op", 17)),
    TAKE_WHILE((pipe, shelf) -> pipe.takeWhile("op", item -> item.number() < 13)),
    SKIP((pipe, shelf) -> pipe.skip("op", 3)),
    DISTINCT((pipe, shelf) -> pipe.distinct("op", Item::number)),
    BATCH((pipe, shelf) -> flat(pipe.batch("op", 7))),
    BATCH_IN_TIME((pipe, shelf) -> flat(pipe.batch("op", 7, Duration.ofHours(1)))),
    WINDOW((pipe, shelf) -> flat(pipe.window("op", 5, 2))),
    VIA((pipe, shelf) -> pipe.via("op", Last::new)),
    THROTTLE((pipe, shelf) -> pipe.throttle("op", 1_000_000, Duration.ofMillis(1))),
    DEBOUNCE((pipe, shelf) -> pipe.debounce("op", Duration.ofHours(1))),
    SAMPLE((pipe, shelf) -> pipe.sample("op", Duration.ofHours(1))),
    BUFFER((pipe, shelf) -> pipe.buffer("op", 4)),
    BUFFER_DROPPING((pipe, shelf) -> pipe.buffer("op", 4, Overflow.DROP_NEWEST)),
    BUFFER_DROPPING_OLDEST((pipe, shelf) -> pipe.buffer("op", 4, Overflow.DROP_OLDEST)),
    MAP_PARALLEL((pipe, shelf) -> pipe.mapParallel("op", 4, used())),
    MAP_PARALLEL_UNORDERED((pipe, shelf) -> pipe.mapParallelUnordered("op", 4, used())),
    MAP_KEYED((pipe, shelf) -> pipe.mapKeyed("op", 4, item -> item.use() % 3, used())),
    MAP_ASYNC(
        (pipe, shelf) ->
            pipe.mapAsync("op", 4, item -> CompletableFuture.supplyAsync(() -> used(item)))),
    BROADCAST(
        (pipe, shelf) ->
            pipe.broadcast(
                "op", List.of(lane -> lane.map("one", used()), lane -> lane.map("two", used())))),
    BALANCE((pipe, shelf) -> pipe.balance("op", 3, lane -> lane.map("lane", used()))),
    PARTITION_BY(
        (pipe, shelf) ->
            pipe.partitionBy("op", item -> item.use() % 3, 3, lane -> lane.map("lane", used()))),
    MERGE(
        (pipe, shelf) ->
            Pipe.merge("op", List.of(pipe, Pipe.from("other", shelf.source(3)))).map("1", used())),
    CONCAT((pipe, shelf) -> Pipe.concat("op", List.of(pipe, Pipe.from("other", shelf.source(3))))),
    ZIP(
        (pipe, shelf) ->
            pipe.zip(
                "op",
                Pipe.from("other", shelf.source(1000)),
                (one, other) -> used(other).number() < 0 ? other : used(one)));

    private final BiFunction<Pipe<Item>, Shelf, Pipe<Item>> adding;

    Passing(BiFunction<Pipe<Item>, Shelf, Pipe<Item>> adding) {
      this.adding = adding;
    }

    Pipe<Item> addTo(Pipe<Item> pipe, Shelf shelf) {
      return adding.apply(pipe, shelf);
    }

    private static Pipe<Item> flat(Pipe<List<Item>> lists) {
      return lists.flatMap("flat", list -> list);
    }

    private static Item used(Item item) {
      item.use();
      return item;
    }

    private static StageFunction<Item, Item> used() {
      return Passing::used;
    }
  }

  /** A transform of a user that emits its last element again at the end. */
  private static final class Last implements Transform<Item, Item> {
    private @Nullable Item last;

    @Override
    public Outcome accept(Item element, Emitter<? super Item> out) {
      last = element;
      out.emit(element);
      return Outcome.USED;
    }

    @Override
    public void end(Emitter<? super Item> out) {
      if (last != null) {
        last.use();
        out.emit(last);
      }
    }
  }

  /** Uses the items in a parallel stage, in a batch that the end flushes, and in the sink. */
  static Pipe<Item> used(Pipe<Item> pipe) {
    return pipe.mapParallelUnordered(
            "use",
            32,
            item -> {
              item.useSlowly();
              return item;
            })
        .batch("rest", 11)
        .flatMap("use the rest", rest -> rest.stream().filter(item -> item.use() >= 0).toList());
  }

  static Sink<Item, Long> usingSink() {
    return Sink.forEach(Item::use);
  }

  /** fs2#3076: 0 of 50 entries of a zip file could be read. */
  @ParameterizedTest
  @EnumSource
  void elementsFindTheirResourceOpenBehindEveryOperator(Passing operator) {
    var pipe = operator.addTo(Pipe.from(shelf.source(50)), shelf);
    var ended = run(used(pipe).to(usingSink()));
    assertThat(ended.failures()).isEmpty();
    assertThat(ended.result()).isPositive();
    checkShelf(operator);
  }

  private void checkShelf(Passing operator) {
    if (operator == Passing.SCAN) {
      return; // the first state of a scan has a box of its own, which no stage closes
    }
    shelf.check();
  }

  @ParameterizedTest
  @EnumSource
  void elementsFindTheirResourceOpenBeforeEveryOperator(Passing operator) {
    var pipe =
        operator.addTo(Pipe.from(shelf.source(50)).mapParallel("before", 4, item -> item), shelf);
    run(pipe.map("after", item -> item).to(usingSink())).result();
    checkShelf(operator);
  }

  @ParameterizedTest
  @EnumSource
  void failureClosesResourcesAfterTheirElements(Passing operator) {
    var pipe =
        operator
            .addTo(Pipe.from(shelf.source(50)), shelf)
            .onFailure(FailurePolicy.stop())
            .mapParallelUnordered(
                "fails",
                8,
                item -> {
                  item.useSlowly();
                  return raise(new IOException("boom"));
                });
    assertThat(run(pipe.to(Sink.count())).failed()).hasMessage("boom");
    checkShelf(operator);
  }

  @ParameterizedTest
  @EnumSource
  void cancelClosesResourcesAfterTheirElements(Passing operator) {
    var working = new CountDownLatch(1);
    var context = Context.background().withCancel();
    var pipe =
        operator
            .addTo(Pipe.from(shelf.source(50)), shelf)
            .mapParallelUnordered(
                "works",
                8,
                item -> {
                  working.countDown();
                  try {
                    return blockForever();
                  } finally {
                    item.use();
                  }
                });
    var trial = start(pipe.to(Sink.count()), context, failure -> {});
    await(working);
    var cause = new IOException("enough");
    context.cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
    checkShelf(operator);
  }

  @ParameterizedTest
  @EnumSource
  void takeClosesResources(Passing operator) {
    var pipe = operator.addTo(Pipe.from(shelf.source(50)), shelf);
    run(used(pipe).take("some", 1).to(usingSink())).result();
    checkShelf(operator);
  }

  @Test
  void drainClosesTheResourceAfterItsElements() {
    var waiting = new CountDownLatch(1);
    Source<Item> source =
        shelf.source(
            100,
            number -> {
              if (number == 50) {
                waiting.countDown();
                blockForever();
              }
            });
    var trial = start(used(Pipe.from(source)).to(usingSink()));
    await(waiting);
    trial.run().drain(kit().patience());
    assertThat(trial.end().wholeResult()).isEqualTo(50);
    shelf.check();
  }

  @Test
  void sourceThatFailsIsClosedAfterItsElements() {
    var boom = new IOException("boom");
    var ended = run(used(Pipe.from(shelf.sourceThatFails(20, boom))).to(usingSink()));
    assertThat(ended.failed()).isSameAs(boom);
    shelf.check();
  }

  @Test
  void elementsThatFailDoNotKeepTheResourceOpen() {
    List<Pipe<Item>> inputs = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      inputs.add(Pipe.from("source " + i, shelf.source(2)));
    }
    var pipe = Pipe.concat("all", inputs).mapParallel("fails", 2, item -> raise(new IOException()));
    var ended = run(pipe.to(Sink.count()));
    assertThat(ended.failures()).hasSize(600);
    checkMostOpen(200);
    shelf.check();
  }

  private void checkMostOpen(int limit) {
    if (kit().closesSourcesEarly()) {
      assertThat(shelf.mostOpen()).as("open at the same time").isLessThan(limit);
    }
  }

  /** A pipeline that reads two hundred files must not hold two hundred descriptors at once. */
  @Test
  void resourcesOfAConcatenationDoNotPileUp() {
    List<Pipe<Item>> inputs = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      inputs.add(Pipe.from("source " + i, shelf.source(2)));
    }
    var pipe =
        Pipe.concat("all", inputs)
            .mapParallelUnordered("use", 4, item -> item.use())
            .batch("batch", 5);
    run(pipe.to(Sink.count())).result();
    assertThat(shelf.opened()).isEqualTo(600);
    checkMostOpen(300);
    shelf.check();
  }

  @Test
  void resourcesOfAFlatMapDoNotPileUp() {
    var pipe =
        Pipe.from(Source.of(IntStream.range(0, 2_000).boxed().toList()))
            .flatMapStream("open", i -> shelf.stream(1 + i % 3))
            .mapKeyed("use", 4, item -> item.number(), item -> item.use())
            .buffer("buffer", 3);
    run(pipe.to(Sink.count())).result();
    assertThat(shelf.opened()).isEqualTo(2_000);
    assertThat(shelf.mostOpen()).isLessThan(600);
    shelf.check();
  }

  @Test
  void resourcesOfASynchronousFlatMapAreOpenOneByOne() {
    var pipe =
        Pipe.from(Source.of(IntStream.range(0, 2_000).boxed().toList()))
            .flatMap("open", i -> i % 2 == 0 ? shelf.iterable(2) : shelf.iterator(2))
            .map("use", item -> item.use());
    run(pipe.to(Sink.count())).result();
    assertThat(shelf.mostOpen()).isEqualTo(1);
    shelf.check();
  }

  @Test
  void iterableOfAnElementThatFailsIsClosed() {
    var pipe =
        Pipe.from(Source.of(List.of(1, 2, 3)))
            .flatMapStream(
                "open",
                i ->
                    shelf.stream(5)
                        .peek(
                            item -> {
                              if (item.number() == 2) {
                                throw new IllegalStateException("boom");
                              }
                            }));
    assertThat(run(used(pipe).to(usingSink())).failures()).hasSize(3);
    assertThat(run(pipe.to(usingSink())).failures()).hasSize(3);
    assertThat(shelf.opened()).isEqualTo(6);
    shelf.check();
  }

  @Test
  void closeThatFailsStopsTheRun() {
    var boom = new IOException("boom");
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              private int next;

              @Override
              public @Nullable Integer next() {
                return next < 10 ? next++ : null;
              }

              @Override
              public void close() throws IOException {
                throw boom;
              }
            };
    assertThat(run(Pipe.from(source).to(Sink.count())).failed()).isSameAs(boom);
    var parallel = Pipe.from(source).mapParallel("work", 4, x -> x);
    assertThat(run(parallel.to(Sink.count())).failed()).isSameAs(boom);
  }
}
