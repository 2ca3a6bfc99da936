package dev.millrace.stages.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageReport;
import dev.millrace.pipeline.graph.Emitter;
import dev.millrace.pipeline.graph.Node.Overflow;
import dev.millrace.pipeline.graph.Transform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What each kind of node does to the elements that pass through it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelEngineTest {

  private static final int MANY = 20_000;

  private final Observed observed = new Observed();

  private static List<Integer> numbers(int n) {
    return IntStream.range(0, n).boxed().toList();
  }

  private static Pipe<Integer> pipe(int n) {
    return Pipe.from(Source.of(numbers(n)));
  }

  /** Waits until it is interrupted. */
  @SuppressWarnings("TypeParameterUnusedInFormals") // it returns nothing
  private static <T> T never() throws InterruptedException {
    new CountDownLatch(1).await();
    throw new AssertionError();
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void theEngineIsFoundByItsName() {
    assertThat(Engine.channels()).isInstanceOf(ChannelEngine.class);
  }

  // Sequential

  @Test
  void stagesThatFollowEachOtherRunInOneThread() throws Exception {
    List<Integer> result =
        observed.run(
            pipe(100)
                .map("add", observed.seen(n -> n + 1))
                .filter("even", observed.seen(n -> n % 2 == 0))
                .flatMap("twice", observed.seen(n -> List.of(n, n)))
                .to(Sink.toList()));
    assertThat(result)
        .isEqualTo(
            IntStream.rangeClosed(1, 100)
                .filter(n -> n % 2 == 0)
                .boxed()
                .flatMap(n -> Stream.of(n, n))
                .toList());
    assertThat(observed.threads()).isEqualTo(1);
  }

  @Test
  void countsWhatEveryStageHasDone() throws Exception {
    Run<Long> run =
        observed.start(
            pipe(100)
                .filter("third", n -> n % 3 == 0)
                .flatMap("twice", n -> List.of(n, n))
                .batch("pairs", 2)
                .to(Sink.count()));
    assertThat(observed.join(run)).isEqualTo(34);
    assertThat(run.report().stages())
        .extracting(StageReport::name)
        .containsExactly("source", "third", "twice", "pairs", "sink");
    assertThat(run.report().stage("source").emitted()).isEqualTo(100);
    assertThat(run.report().stage("third").received()).isEqualTo(100);
    assertThat(run.report().stage("third").dropped()).isEqualTo(66);
    assertThat(run.report().stage("twice").received()).isEqualTo(34);
    assertThat(run.report().stage("twice").emitted()).isEqualTo(68);
    assertThat(run.report().stage("pairs").emitted()).isEqualTo(34);
    assertThat(run.report().stage("sink").processed()).isEqualTo(34);
  }

  @Test
  void takeEndsAnEndlessSourceAndTakesNoneTooMany() throws Exception {
    var asked = new AtomicInteger();
    var run =
        observed.start(
            Pipe.from(Source.generate(asked::incrementAndGet)).take("three", 3).to(Sink.toList()));
    assertThat(observed.join(run)).containsExactly(1, 2, 3);
    assertThat(asked).hasValue(3);
    assertThat(run.report().stage("three").received()).isEqualTo(3);
  }

  @Test
  void takeOfNoneDoesNotAskTheSource() throws Exception {
    var asked = new AtomicInteger();
    assertThat(
            observed.run(
                Pipe.from(Source.generate(asked::incrementAndGet))
                    .take("none", 0)
                    .to(Sink.toList())))
        .isEmpty();
    assertThat(asked).hasValue(0);
  }

  @Test
  void whatAStageKeepsIsEmittedAtTheEnd() throws Exception {
    assertThat(observed.run(pipe(7).batch("threes", 3).to(Sink.toList())))
        .containsExactly(List.of(0, 1, 2), List.of(3, 4, 5), List.of(6));
  }

  @Test
  void aTakeInTheMiddleLetsWhatComesBeforeItFinish() throws Exception {
    assertThat(
            observed.run(
                Pipe.from(Source.generate(() -> 1))
                    .take("five", 5)
                    .batch("pairs", 2)
                    .take("three", 3)
                    .to(Sink.toList())))
        .containsExactly(List.of(1, 1), List.of(1, 1), List.of(1));
  }

  @Test
  void theFirstElementEndsTheRun() throws Exception {
    var endless = Pipe.from(Source.generate(() -> 1));
    assertThat(observed.run(endless.buffer("apart", 4).to(Sink.first()))).isEqualTo(Optional.of(1));
    assertThat(observed.run(pipe(0).to(Sink.first()))).isEmpty();
  }

  @Test
  void aSinkMayHaveNoResult() throws Exception {
    Sink<Integer, Void> sink =
        context ->
            new Sink.Receiver<>() {
              @Override
              public boolean accept(Integer element) {
                return true;
              }

              @Override
              @SuppressWarnings("NullAway") // Void has no other value
              public Void finish() {
                return null;
              }
            };
    assertThat(observed.<Object>run(cast(pipe(3).to(sink)))).isNull();
  }

  @SuppressWarnings("unchecked")
  private static dev.millrace.pipeline.Pipeline<Object> cast(
      dev.millrace.pipeline.Pipeline<?> pipeline) {
    return (dev.millrace.pipeline.Pipeline<Object>) pipeline;
  }

  @Test
  void aStageThatEmitsNullStopsTheRun() {
    Supplier<Transform<Integer, Integer>> nulls =
        () ->
            (element, out) -> {
              emitNull(out);
              return Transform.Outcome.USED;
            };
    assertThatThrownBy(() -> observed.run(pipe(1).via("nulls", nulls).to(Sink.count())))
        .hasRootCauseInstanceOf(NullPointerException.class);
  }

  @SuppressWarnings("NullAway") // it is what the test is about
  private static void emitNull(Emitter<?> out) {
    out.emit(null);
  }

  @Test
  void aPipeMayBeAsLongAsOneLikes() throws Exception {
    Pipe<Integer> pipe = pipe(100);
    for (int i = 0; i < 10_000; i++) {
      pipe = pipe.map("add" + i, n -> n + 1);
    }
    assertThat(observed.run(pipe.to(Sink.toList())))
        .isEqualTo(IntStream.range(10_000, 10_100).boxed().toList());
  }

  @Test
  void aPipelineCanBeStartedAgain() throws Exception {
    var pipeline = pipe(10).distinct("new", n -> n).to(Sink.count());
    assertThat(observed.run(pipeline)).isEqualTo(10);
    assertThat(observed.run(pipeline)).isEqualTo(10);
  }

  // Values of the context

  @Test
  void valuesOfTheContextAreReadableInEveryFunction() throws Exception {
    Context.Key<String> key = Context.Key.of("user");
    Set<String> seen = ConcurrentHashMap.newKeySet();
    AtomicInteger missing = new AtomicInteger();
    Runnable read =
        () -> {
          String value = Context.current().value(key);
          if (value == null) {
            missing.incrementAndGet();
          } else {
            seen.add(value);
          }
        };
    Source<Integer> source =
        context -> {
          read.run();
          var left = new AtomicInteger(10);
          return () -> {
            read.run();
            int n = left.getAndDecrement();
            return n > 0 ? n : null;
          };
        };
    var pipeline =
        Pipe.from(source)
            .map("map", read(read))
            .mapParallel("parallel", 3, read(read))
            .mapKeyed("keyed", 3, n -> readAndReturn(read, n), read(read))
            .partitionBy(
                "spread", n -> readAndReturn(read, n), 2, lane -> lane.map("lane", read(read)))
            .batch("batch", 3, Duration.ofMillis(1))
            .to(Sink.forEach(n -> read.run()));
    try (var run =
        pipeline.start(new ChannelEngine(), Context.background().withValue(key, "anna"))) {
      run.join();
    }
    assertThat(missing).hasValue(0);
    assertThat(seen).containsExactly("anna");
  }

  private static <T> dev.millrace.pipeline.StageFunction<T, T> read(Runnable read) {
    return element -> readAndReturn(read, element);
  }

  private static <T> T readAndReturn(Runnable read, T element) {
    read.run();
    return element;
  }

  // Buffer

  @Test
  void aBufferLetsTheSourceRunAheadByItsCapacity() throws Exception {
    var made = new AtomicInteger();
    var go = new CountDownLatch(1);
    var run =
        observed.start(
            Pipe.from(Source.generate(made::incrementAndGet))
                .buffer("ten", 10)
                .take("twenty", 20)
                .map("wait", wait(go))
                .to(Sink.count()));
    // One is in the function, one waits for room, and so do some: at most ten, and more than half
    // as
    // many, as a source that waits is woken when half of the buffer is free.
    Awaitility.await()
        .until(
            () ->
                run.report().stage("wait").inFlight() == 1
                    && run.report().stage("source").waitingForOutput().isPositive());
    assertThat(made.get()).isBetween(1 + 6 + 1, 1 + 10 + 1);
    assertThat(run.report().stage("ten").queued()).isBetween(6L, 10L);
    assertThat(run.report().balances()).isTrue();
    go.countDown();
    assertThat(observed.join(run)).isEqualTo(20);
  }

  private static <T> dev.millrace.pipeline.StageFunction<T, T> wait(CountDownLatch latch) {
    return element -> {
      latch.await();
      return element;
    };
  }

  @Test
  void aBufferOfOneHandsOverManyInTheirOrder() throws Exception {
    for (int capacity : new int[] {1, 2, 3, 7, 64, 100_000}) {
      assertThat(observed.run(pipe(MANY).buffer("apart", capacity).to(Sink.toList())))
          .isEqualTo(numbers(MANY));
    }
  }

  @Test
  void aBufferThatDropsTheNewestKeepsTheFirst() throws Exception {
    assertThat(dropping(Overflow.DROP_NEWEST)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void aBufferThatDropsTheOldestKeepsTheLast() throws Exception {
    assertThat(dropping(Overflow.DROP_OLDEST)).containsExactly(0, 97, 98, 99);
  }

  /** The first of a hundred elements is at work until the last one has been made. */
  private List<Integer> dropping(Overflow overflow) throws Exception {
    var made = new CountDownLatch(1);
    var taken = new CountDownLatch(1);
    var run =
        observed.start(
            pipe(100)
                .tee(
                    "made",
                    n -> {
                      if (n == 1) {
                        await(taken);
                      }
                    })
                .buffer("three", 3, overflow)
                .tee(
                    "taken",
                    n -> {
                      taken.countDown();
                      await(made);
                    })
                .to(Sink.toList()));
    Awaitility.await().until(() -> run.report().stage("three").received() == 100);
    assertThat(run.report().stage("three").queued()).isEqualTo(3);
    made.countDown();
    List<Integer> result = observed.join(run);
    assertThat(run.report().stage("three").dropped()).isEqualTo(96);
    return result;
  }

  // Merge, concat, zip

  @Test
  void aMergeEmitsAllAndKeepsTheOrderOfEach() throws Exception {
    var one = Pipe.from("one", Source.of(IntStream.range(0, MANY).boxed().toList()));
    var two = Pipe.from("two", Source.of(IntStream.range(MANY, 2 * MANY).boxed().toList()));
    List<Integer> result = observed.run(Pipe.merge("both", List.of(one, two)).to(Sink.toList()));
    assertThat(result.stream().sorted().toList()).isEqualTo(numbers(2 * MANY));
    assertThat(result.stream().filter(n -> n < MANY)).isSorted();
    assertThat(result.stream().filter(n -> n >= MANY)).isSorted();
  }

  @Test
  void aMergeDoesNotWaitForASilentInput() throws Exception {
    var silent = Pipe.from("silent", Source.<Integer>generate(ChannelEngineTest::never));
    assertThat(
            observed.run(
                Pipe.merge("both", List.of(silent, pipe(100)))
                    .take("hundred", 100)
                    .to(Sink.toList())))
        .isEqualTo(numbers(100));
  }

  @Test
  void aConcatenationOpensAnInputWhenTheOneBeforeHasEnded() throws Exception {
    var ended = new AtomicInteger();
    Source<Integer> second =
        context -> {
          assertThat(ended).hasValue(1);
          return () -> null;
        };
    Source<Integer> first =
        context ->
            new Source.Cursor<>() {
              private int n;

              @Override
              public Integer next() {
                return n < 3 ? n++ : none();
              }

              @Override
              public void close() {
                ended.incrementAndGet();
              }
            };
    var third = Pipe.from("third", Source.of(List.of(7, 8))).mapParallel("parallel", 2, n -> n);
    assertThat(
            observed.run(
                Pipe.concat(
                        "all",
                        List.of(Pipe.from("first", first), Pipe.from("second", second), third))
                    .to(Sink.toList())))
        .containsExactly(0, 1, 2, 7, 8);
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // the end of a source
  private static <T> T none() {
    return null;
  }

  @Test
  void aConcatenationThatWantsNoMoreOpensNoOtherInput() throws Exception {
    Source<Integer> refused =
        context -> {
          throw new AssertionError("it was opened");
        };
    assertThat(
            observed.run(
                Pipe.concat("all", List.of(pipe(3), Pipe.from("refused", refused)))
                    .take("three", 3)
                    .to(Sink.toList())))
        .containsExactly(0, 1, 2);
  }

  @Test
  void aZipEndsWithItsShorterSideThoughTheOtherIsSilent() throws Exception {
    var source = new AtomicInteger();
    var silent =
        Pipe.from(
            "silent", Source.generate(() -> source.get() < 3 ? source.getAndIncrement() : never()));
    assertThat(observed.run(pipe(3).zip("sum", silent, Integer::sum).to(Sink.toList())))
        .containsExactly(0, 2, 4);
    source.set(0);
    assertThat(observed.run(silent.zip("sum", pipe(3), Integer::sum).to(Sink.toList())))
        .containsExactly(0, 2, 4);
  }

  @Test
  void aZipCombinesManyInTheirOrder() throws Exception {
    var other = Pipe.from("other", Source.of(numbers(MANY + 5)));
    assertThat(observed.run(pipe(MANY).zip("sum", other, Integer::sum).to(Sink.toList())))
        .isEqualTo(IntStream.range(0, MANY).map(n -> 2 * n).boxed().toList());
  }

  @Test
  void aPairThatCannotBeCombinedIsOneFailureOfTwoElements() throws Exception {
    List<Object> failed = new ArrayList<>();
    var run =
        observed.start(
            pipe(3)
                .zip(
                    "sum",
                    Pipe.from("other", Source.of(numbers(3))),
                    (a, b) -> {
                      if (a == 1) {
                        throw new IllegalStateException("no");
                      }
                      return a + b;
                    })
                .to(Sink.toList()),
            failure -> failed.add(failure.element()));
    assertThat(observed.join(run)).containsExactly(0, 4);
    assertThat(failed).containsExactly(List.of(1, 1));
    assertThat(run.report().stage("sum").failed()).isEqualTo(2);
  }

  // Parallel

  @Test
  void aParallelStageKeepsTheOrder() throws Exception {
    assertThat(observed.run(pipe(MANY).mapParallel("half", 8, n -> n / 2).to(Sink.toList())))
        .isEqualTo(IntStream.range(0, MANY).map(n -> n / 2).boxed().toList());
  }

  /** A wake-up that overlaps with the next wait must not make that one endless. */
  @Test
  void manyShortRunsOfAParallelStageAllEnd() throws Exception {
    for (int i = 0; i < 10_000; i++) {
      assertThat(observed.run(pipe(20).mapParallel("same", 3, n -> n).to(Sink.count())))
          .isEqualTo(20);
    }
  }

  @Test
  void anUnorderedParallelStageEmitsWhatIsReady() throws Exception {
    var go = new CountDownLatch(1);
    var seen = new AtomicInteger();
    List<Integer> result =
        observed.run(
            pipe(10)
                .mapParallelUnordered(
                    "wait",
                    2,
                    n -> {
                      if (n == 0) {
                        await(go);
                      }
                      return n;
                    })
                .tee(
                    "seen",
                    n -> {
                      if (seen.incrementAndGet() == 9) {
                        go.countDown();
                      }
                    })
                .to(Sink.toList()));
    assertThat(result).containsExactlyInAnyOrderElementsOf(numbers(10)).endsWith(0);
  }

  @Test
  void asManyFunctionsRunAtOnceAsWantedAndNoMore() throws Exception {
    var barrier = new CyclicBarrier(8);
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    observed.run(
        pipe(800)
            .mapParallel(
                "meet",
                8,
                observed.seen(
                    n -> {
                      most.accumulateAndGet(running.incrementAndGet(), Math::max);
                      barrier.await(10, TimeUnit.SECONDS);
                      running.decrementAndGet();
                      return n;
                    }))
            .to(Sink.count()));
    assertThat(most).hasValue(8);
    assertThat(observed.threads()).isEqualTo(8);
  }

  @Test
  void aParallelStageHasABoundedNumberOfElementsInside() throws Exception {
    var go = new CountDownLatch(1);
    var made = new AtomicInteger();
    var run =
        observed.start(
            Pipe.from(Source.generate(made::incrementAndGet))
                .mapParallel("wait", 4, wait(go))
                .take("hundred", 100)
                .to(Sink.count()));
    Awaitility.await().until(() -> run.report().stage("source").waitingForOutput().isPositive());
    assertThat(made).hasValue(2 * 4 + 16 + 1);
    go.countDown();
    assertThat(observed.join(run)).isEqualTo(100);
  }

  @Test
  void elementsOfAKeyKeepTheirOrderAndNeverRunTogether() throws Exception {
    Map<Integer, Integer> last = new ConcurrentHashMap<>();
    Set<Integer> running = ConcurrentHashMap.newKeySet();
    List<Integer> result =
        observed.run(
            pipe(MANY)
                .mapKeyed(
                    "keyed",
                    4,
                    n -> n % 100,
                    n -> {
                      assertThat(running.add(n % 100)).isTrue();
                      Integer before = last.put(n % 100, n);
                      assertThat(before == null || before < n).isTrue();
                      Thread.yield();
                      running.remove(n % 100);
                      return n;
                    })
                .to(Sink.toList()));
    assertThat(result.stream().sorted().toList()).isEqualTo(numbers(MANY));
    for (int key = 0; key < 100; key++) {
      int of = key;
      assertThat(result.stream().filter(n -> n % 100 == of)).isSorted();
    }
  }

  // reactor-core#596, #3443: more groups than the consumer's concurrency hang
  @Test
  void moreKeysThanWorkersDoNotHang() throws Exception {
    assertThat(observed.run(pipe(MANY).mapKeyed("keyed", 2, n -> n, n -> n).to(Sink.count())))
        .isEqualTo(MANY);
  }

  @Test
  void keysOfManyElementsDoNotHoldUpTheWorkers() throws Exception {
    var go = new CountDownLatch(1);
    // Key 0 waits until all others are done: they need the other worker.
    List<Integer> result =
        observed.run(
            pipe(10)
                .mapKeyed(
                    "keyed",
                    2,
                    n -> n < 5 ? 0 : n,
                    n -> {
                      if (n == 0) {
                        await(go);
                      } else if (n == 9) {
                        go.countDown();
                      }
                      return n;
                    })
                .to(Sink.toList()));
    assertThat(result.stream().filter(n -> n < 5)).containsExactly(0, 1, 2, 3, 4);
    assertThat(result).hasSize(10);
  }

  @Test
  void anAsynchronousStageKeepsTheOrder() throws Exception {
    assertThat(
            observed.run(
                pipe(1000)
                    .mapAsync("later", 8, n -> CompletableFuture.supplyAsync(() -> n + 1))
                    .to(Sink.toList())))
        .isEqualTo(IntStream.rangeClosed(1, 1000).boxed().toList());
  }

  // Fan-out

  @Test
  void aBroadcastGivesEachElementToEveryBranch() throws Exception {
    var run =
        observed.start(
            pipe(MANY)
                .<Integer>broadcast(
                    "all",
                    List.of(
                        lane -> lane,
                        lane -> lane.map("add", n -> n + MANY),
                        lane -> lane.filter("none", n -> false)))
                .to(Sink.toList()));
    List<Integer> result = observed.join(run);
    assertThat(result.stream().sorted().toList()).isEqualTo(numbers(2 * MANY));
    assertThat(result.stream().filter(n -> n < MANY)).isSorted();
    assertThat(run.report().stage("all").received()).isEqualTo(MANY);
    assertThat(run.report().stage("all").emitted()).isEqualTo(2 * MANY);
    assertThat(run.report().stage("none").dropped()).isEqualTo(MANY);
  }

  @Test
  void aBranchThatWantsNoMoreDoesNotHoldUpTheOthers() throws Exception {
    assertThat(
            observed.run(
                pipe(MANY)
                    .<Integer>broadcast(
                        "all",
                        List.of(
                            lane -> lane.take("three", 3),
                            lane -> lane.buffer("apart", 2).take("none", 0),
                            lane -> lane))
                    .to(Sink.count())))
        .isEqualTo(MANY + 3);
  }

  @Test
  void aBranchThatNeverComesToItsLaneDoesNotHoldUpTheOthers() throws Exception {
    assertThat(
            observed.run(
                pipe(MANY)
                    .<Integer>broadcast(
                        "all",
                        List.of(
                            lane ->
                                Pipe.concat(
                                        "after",
                                        List.of(
                                            Pipe.from("five", Source.of(numbers(5))),
                                            lane.buffer("unused", 2)))
                                    .take("three", 3),
                            lane -> lane))
                    .to(Sink.count())))
        .isEqualTo(MANY + 3);
  }

  @Test
  void whenNoBranchWantsMoreTheSourceIsStopped() throws Exception {
    assertThat(
            observed.run(
                Pipe.from(Source.generate(() -> 1))
                    .<Integer>broadcast(
                        "all", List.of(lane -> lane.take("three", 3), lane -> lane.take("four", 4)))
                    .to(Sink.count())))
        .isEqualTo(7);
  }

  @Test
  void aBalanceGivesElementsToBranchesThatWait() throws Exception {
    var go = new CountDownLatch(1);
    var done = new AtomicInteger();
    // One copy is held up by the first element; the others do all the rest.
    List<Integer> result =
        observed.run(
            pipe(1000)
                .balance(
                    "spread",
                    3,
                    lane ->
                        lane.map(
                            "work",
                            observed.seen(
                                n -> {
                                  if (n == 0) {
                                    await(go);
                                  } else if (done.incrementAndGet() == 999) {
                                    go.countDown();
                                  }
                                  return n;
                                })))
                .to(Sink.toList()));
    assertThat(result.stream().sorted().toList()).isEqualTo(numbers(1000));
    assertThat(observed.threads()).isBetween(2, 3);
  }

  @Test
  void aPartitionKeepsTheOrderOfAKey() throws Exception {
    List<Integer> result =
        observed.run(
            pipe(MANY)
                .partitionBy(
                    "spread", n -> n % 10, 4, lane -> lane.map("work", observed.seen(n -> n)))
                .to(Sink.toList()));
    assertThat(result.stream().sorted().toList()).isEqualTo(numbers(MANY));
    for (int key = 0; key < 10; key++) {
      int of = key;
      assertThat(result.stream().filter(n -> n % 10 == of)).isSorted();
    }
    assertThat(observed.threads()).isGreaterThan(1);
  }

  @Test
  void copiesOfABranchHaveStatesOfTheirOwn() throws Exception {
    assertThat(
            observed.run(
                pipe(100)
                    .partitionBy("spread", n -> n % 4, 4, lane -> lane.batch("all", 1000))
                    .map("size", List::size)
                    .scan("sum", () -> 0, Integer::sum)
                    .to(Sink.toList())))
        .endsWith(100);
  }

  @Test
  void branchesMayBranch() throws Exception {
    assertThat(
            observed.run(
                pipe(1000)
                    .<Integer>broadcast(
                        "outer",
                        List.of(
                            lane ->
                                lane.balance(
                                    "inner", 2, inner -> inner.mapParallel("par", 2, n -> n)),
                            lane -> lane.partitionBy("by", n -> n, 3, inner -> inner)))
                    .to(Sink.count())))
        .isEqualTo(2000);
  }

  // Time

  @Test
  void aBatchIsEmittedWhenItsTimeHasPassed() throws Exception {
    var emitted = new CountDownLatch(1);
    var source = new AtomicInteger();
    List<List<Integer>> result =
        observed.run(
            Pipe.from(
                    Source.generate(
                        () -> {
                          int n = source.getAndIncrement();
                          if (n == 3) {
                            await(emitted);
                            return none();
                          }
                          return n;
                        }))
                .batch("batch", 100, Duration.ofMillis(5))
                .tee(
                    "emitted",
                    batch -> {
                      if (batch.getLast() == 2) {
                        emitted.countDown();
                      }
                    })
                .to(Sink.toList()));
    assertThat(result.stream().flatMap(List::stream)).containsExactly(0, 1, 2);
  }

  @Test
  void aThrottleIsNotFasterThanItsRate() throws Exception {
    long start = System.nanoTime();
    observed.run(pipe(11).throttle("slow", 1, Duration.ofMillis(10)).to(Sink.count()));
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isGreaterThanOrEqualTo(Duration.ofMillis(100));
  }

  @Test
  void aDebounceEmitsTheLastOfAGroup() throws Exception {
    var run = observed.start(pipe(100).debounce("quiet", Duration.ofMillis(1)).to(Sink.toList()));
    assertThat(observed.join(run)).endsWith(99);
    var quiet = run.report().stage("quiet");
    assertThat(quiet.received()).isEqualTo(100);
    assertThat(quiet.dropped() + quiet.emitted()).isEqualTo(100);
  }

  // What a run says of itself

  @Test
  void aStuckRunSaysWhichStageWaitsForWhat() throws Exception {
    var go = new CountDownLatch(1);
    var run =
        observed.start(
            Pipe.from(Source.generate(() -> 1))
                .map("before", n -> n)
                .buffer("apart", 2)
                .map("stuck", wait(go))
                .take("one", 1)
                .to(Sink.count()));
    Awaitility.await().until(() -> run.report().stage("before").waitingForOutput().isPositive());
    assertThat(run.explain())
        .contains("before: waits for the next stage to take an element")
        .contains("stuck: runs its function")
        .contains("source…apart waits for room in the next stage")
        .contains("stuck…sink runs 'stuck' at " + ChannelEngineTest.class.getName());
    go.countDown();
    assertThat(observed.join(run)).isEqualTo(1);
    assertThat(run.explain()).contains("stuck: ended");
  }

  @Test
  void aReportBalancesWhileTheRunGoesOn() throws Exception {
    var run =
        observed.start(
            pipe(400_000)
                .map("map", n -> n)
                .buffer("apart", 16)
                .mapParallelUnordered("parallel", 3, n -> n)
                .partitionBy("by", n -> n, 2, lane -> lane.filter("odd", n -> n % 2 == 1))
                .to(Sink.count()));
    int reports = 0;
    while (!run.isDone()) {
      var report = run.report();
      assertThat(report.balances()).as(report::toString).isTrue();
      reports++;
    }
    assertThat(observed.join(run)).isEqualTo(200_000);
    assertThat(reports).isPositive();
  }
}
