package dev.millrace.stages.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How runs end: cancelled, drained, failed. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelEngineEndTest {

  private static final Duration LONG = Duration.ofSeconds(30);

  private final Observed observed = new Observed();

  private static Pipe<Integer> pipe(int n) {
    return Pipe.from(Source.of(IntStream.range(0, n).boxed().toList()));
  }

  private static Pipe<Integer> endless() {
    var next = new AtomicInteger();
    return Pipe.from(Source.generate(next::getAndIncrement));
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

  /** Fails for the number. */
  private static StageFunction<Integer, Integer> failsOn(int number) {
    return n -> {
      if (n == number) {
        throw new IOException("no " + n);
      }
      return n;
    };
  }

  // Cancelled at every point

  /** Where a run may stand when it is cancelled; each blocks at that point. */
  enum Point {
    SOURCE(blocked -> Pipe.from(Source.generate(() -> blocked.apply(1)))),
    OPEN(
        blocked ->
            Pipe.from(
                context -> {
                  blocked.apply(1);
                  return () -> null;
                })),
    MAP(blocked -> endless().map("here", blocked)),
    FLAT_MAP(
        blocked ->
            endless()
                .flatMap(
                    "here",
                    n -> {
                      blocked.apply(n);
                      return List.of(n);
                    })),
    AFTER_BUFFER(blocked -> endless().buffer("apart", 4).map("here", blocked)),
    PARALLEL(blocked -> endless().mapParallel("here", 4, blocked)),
    PARALLEL_UNORDERED(blocked -> endless().mapParallelUnordered("here", 4, blocked)),
    KEYED(blocked -> endless().mapKeyed("here", 4, n -> n % 3, blocked)),
    KEY(
        blocked ->
            endless()
                .mapKeyed(
                    "here",
                    4,
                    n -> {
                      try {
                        return blocked.apply(n);
                      } catch (Exception e) {
                        throw new IllegalStateException(e);
                      }
                    },
                    n -> n)),
    MERGE(
        blocked ->
            Pipe.merge(
                "both",
                List.of(
                    endless().map("here", blocked),
                    Pipe.from("other", Source.generate(() -> never()))))),
    CONCAT(blocked -> Pipe.concat("all", List.of(pipe(3), endlessNamed().map("here", blocked)))),
    ZIP(
        blocked ->
            endless()
                .zip(
                    "here",
                    Pipe.from("other", Source.generate(() -> 1)),
                    (a, b) -> blocked.apply(a + b))),
    BROADCAST(
        blocked ->
            endless()
                .broadcast(
                    "all", List.of(lane -> lane, lane -> lane.map("here", blocked), lane -> lane))),
    BALANCE(blocked -> endless().balance("all", 3, lane -> lane.map("here", blocked))),
    PARTITION(
        blocked -> endless().partitionBy("all", n -> n, 3, lane -> lane.map("here", blocked))),
    TIMED(
        blocked ->
            endless()
                .throttle("slow", 1, Duration.ofHours(1))
                .batch("late", 2, Duration.ofHours(1))
                .map("never", n -> 1),
        "source"),
    BEFORE_TIMED(blocked -> endless().map("here", blocked).batch("late", 2, LONG).map("m", n -> 1)),
    ASYNC(
        blocked ->
            endless()
                .tee("tell", n -> {})
                .mapAsync(
                    "here",
                    4,
                    n -> {
                      blocked.apply(n);
                      return java.util.concurrent.CompletableFuture.completedFuture(n);
                    }));

    @SuppressWarnings("ImmutableEnumChecker") // they have no state
    final Function<StageFunction<Integer, Integer>, Pipe<Integer>> pipe;

    /** The stage that makes elements if no function is reached. */
    final String progress;

    Point(Function<StageFunction<Integer, Integer>, Pipe<Integer>> pipe) {
      this(pipe, "");
    }

    Point(Function<StageFunction<Integer, Integer>, Pipe<Integer>> pipe, String progress) {
      this.pipe = pipe;
      this.progress = progress;
    }
  }

  private static Pipe<Integer> endlessNamed() {
    return Pipe.from("endless", Source.generate(() -> 1));
  }

  @ParameterizedTest
  @EnumSource(Point.class)
  void aRunThatIsCancelledEndsAtOnceWithTheCause(Point point) throws Exception {
    var reached = new CountDownLatch(1);
    var run =
        observed.start(
            point
                .pipe
                .apply(
                    observed.seen(
                        n -> {
                          reached.countDown();
                          return never();
                        }))
                .to(Sink.count()));
    if (point.progress.isEmpty()) {
      await(reached);
    } else {
      Awaitility.await()
          .until(() -> run.report().stage(point.progress).waitingForOutput().isPositive());
    }
    var cause = new IllegalStateException("enough");
    long start = System.nanoTime();
    run.cancel(cause);
    assertThatThrownBy(() -> observed.join(run))
        .isInstanceOf(CancellationException.class)
        .hasCause(cause)
        .hasNoSuppressedExceptions();
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sink", "open", "finish"})
  void aSinkThatBlocksIsInterrupted(String where) throws Exception {
    var reached = new CountDownLatch(1);
    var closed = new AtomicInteger();
    Sink<Integer, Integer> sink =
        context -> {
          block(where.equals("open"), reached);
          return new Sink.Receiver<>() {
            @Override
            public boolean accept(Integer element) throws Exception {
              block(where.equals("sink"), reached);
              return true;
            }

            @Override
            public Integer finish() throws Exception {
              block(where.equals("finish"), reached);
              return 1;
            }

            @Override
            public void close() {
              closed.incrementAndGet();
            }
          };
        };
    var run = observed.start(pipe(10).buffer("apart", 1).to(sink));
    await(reached);
    run.cancel(new IllegalStateException("enough"));
    assertThat(observed.failure(run)).hasRootCauseMessage("enough");
    assertThat(closed).hasValue(where.equals("open") ? 0 : 1);
  }

  private void block(boolean here, CountDownLatch reached) throws InterruptedException {
    if (here) {
      observed.see();
      reached.countDown();
      never();
    }
  }

  @Test
  void aRunThatComputesOnlyIsCancelledAnywhere() throws Exception {
    for (int i = 0; i < 200; i++) {
      var run =
          observed.start(
              endless()
                  .map("fused", observed.seen(n -> n))
                  .buffer("apart", 1 + i % 20)
                  .mapParallel("parallel", 3, observed.seen(n -> n))
                  .partitionBy("by", n -> n, 2, lane -> lane.filter("odd", n -> n % 2 == 1))
                  .batch("batch", 10, Duration.ofMillis(1))
                  .to(Sink.count()));
      long until = System.nanoTime() + i * 20_000L;
      while (System.nanoTime() - until < 0) {
        Thread.onSpinWait();
      }
      run.cancel(new IllegalStateException("enough"));
      assertThat(observed.failure(run)).hasRootCauseMessage("enough");
    }
  }

  @Test
  void theContextCancelsRunsThatKeepAllProcessorsBusy() throws Exception {
    try (var context = Context.background().withCancel()) {
      List<Run<Long>> runs = new ArrayList<>();
      for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
        runs.add(
            endless()
                .map("compute", n -> n + 1)
                .to(Sink.<Integer>count())
                .start(new ChannelEngine(), context));
      }
      for (Run<Long> run : runs) {
        Awaitility.await().until(() -> run.report().stage("sink").received() > 0);
      }
      context.cancel(new IllegalStateException("enough"));
      for (Run<Long> run : runs) {
        assertThat(observed.failure(run)).hasRootCauseMessage("enough");
      }
    }
  }

  @Test
  void theDeadlineOfTheContextEndsTheRun() throws Exception {
    try (var context = Context.background().withTimeout(Duration.ofMillis(20))) {
      var run =
          endless().map("wait", n -> never()).to(Sink.count()).start(new ChannelEngine(), context);
      assertThat(observed.failure(run)).hasCauseInstanceOf(DeadlineExceededException.class);
    }
  }

  @Test
  void aRunOfACancelledContextDoesNotBegin() throws Exception {
    var called = new AtomicBoolean();
    var context = Context.background().withCancel();
    context.cancel(new IllegalStateException("before"));
    var run =
        Pipe.from(Source.generate(() -> called.compareAndSet(false, true)))
            .to(Sink.count())
            .start(new ChannelEngine(), context);
    assertThat(observed.failure(run)).hasRootCauseMessage("before");
    assertThat(called).isFalse();
  }

  @Test
  void aFunctionThatSwallowsAnInterruptIsInterruptedAgain() throws Exception {
    var reached = new CountDownLatch(1);
    var swallowed = new AtomicInteger();
    var run =
        observed.start(
            pipe(1)
                .map(
                    "stubborn",
                    observed.seen(
                        n -> {
                          reached.countDown();
                          while (swallowed.get() < 3) {
                            try {
                              never();
                            } catch (InterruptedException e) {
                              swallowed.incrementAndGet();
                            }
                          }
                          return n;
                        }))
                .to(Sink.count()));
    await(reached);
    run.cancel(new IllegalStateException("enough"));
    assertThat(observed.failure(run)).hasRootCauseMessage("enough");
    assertThat(swallowed).hasValue(3);
  }

  @Test
  void joinEndsThoughAFunctionIgnoresInterruptsAndSaysWhichOne() throws Exception {
    var reached = new CountDownLatch(1);
    var go = new AtomicBoolean();
    var ended = new CountDownLatch(1);
    var stubborn = new Observed(ChannelEngine.withGrace(Duration.ofMillis(200)));
    var run =
        stubborn.start(
            endless()
                .map("quick", n -> n)
                .map("deaf", n -> ignoreInterrupts(n, reached, go, ended))
                .map("after", n -> n)
                .buffer("apart", 1)
                .to(Sink.count()));
    await(reached);
    run.cancel(new IllegalStateException("enough"));
    Throwable thrown = stubborn.failure(run);
    assertThat(thrown).isInstanceOf(CancellationException.class).hasRootCauseMessage("enough");
    assertThat(thrown.getSuppressed())
        .anySatisfy(e -> assertThat(e).hasMessage("stage 'deaf' ignores that it is interrupted"))
        .anySatisfy(
            e ->
                assertThat(e.getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("ignoreInterrupts")));
    assertThat(run.explain()).contains("source…apart runs 'deaf' at " + getClass().getName());
    go.set(true);
    await(ended);
    Awaitility.await().until(() -> !run.explain().contains("deaf' at"));
    assertThat(run.report().balances()).isTrue();
  }

  private static int ignoreInterrupts(
      int n, CountDownLatch reached, AtomicBoolean go, CountDownLatch ended) {
    reached.countDown();
    while (!go.get()) {
      LockSupport.parkNanos(1_000_000);
      Thread.interrupted();
    }
    ended.countDown();
    return n;
  }

  @Test
  void joinEndsThoughFunctionsThatOnlyComputeKeepAllProcessors() throws Exception {
    int processors = Runtime.getRuntime().availableProcessors();
    var reached = new CountDownLatch(processors);
    var go = new AtomicBoolean();
    var stubborn = new Observed(ChannelEngine.withGrace(Duration.ofMillis(200)));
    var run =
        stubborn.start(
            endless()
                .mapParallel(
                    "spin",
                    processors,
                    n -> {
                      reached.countDown();
                      while (!go.get()) {
                        Thread.onSpinWait();
                      }
                      return n;
                    })
                .to(Sink.count()));
    try {
      await(reached);
      run.cancel(new IllegalStateException("enough"));
      assertThat(stubborn.failure(run).getSuppressed())
          .anySatisfy(e -> assertThat(e).hasMessageContaining("stage 'spin' ignores"));
    } finally {
      go.set(true);
    }
  }

  @Test
  void closingARunCancelsItAndWaitsForItsThreads() throws Exception {
    var reached = new CountDownLatch(1);
    Run<Long> run =
        observed.start(
            endless()
                .map(
                    "wait",
                    observed.seen(
                        n -> {
                          reached.countDown();
                          return never();
                        }))
                .to(Sink.count()));
    await(reached);
    run.close();
    observed.left(run);
    assertThatThrownBy(run::join).isInstanceOf(CancellationException.class);
  }

  @Test
  void whoIsInterruptedInJoinLeavesTheRunAlone() throws Exception {
    var go = new CountDownLatch(1);
    var run = observed.start(pipe(1).tee("wait", n -> await(go)).to(Sink.count()));
    Thread.currentThread().interrupt();
    assertThatThrownBy(run::join).isInstanceOf(InterruptedException.class);
    go.countDown();
    assertThat(observed.join(run)).isEqualTo(1);
  }

  @Test
  void cancellingARunThatHasEndedChangesNothing() throws Exception {
    var run = observed.start(pipe(3).to(Sink.count()));
    assertThat(observed.join(run)).isEqualTo(3);
    run.cancel(new IllegalStateException("late"));
    run.drain(Duration.ZERO);
    run.close();
    assertThat(observed.join(run)).isEqualTo(3);
  }

  // kotlinx.coroutines#1936: elements that are in a channel's hands when it is cancelled are lost
  @Test
  void elementsUnderWayAtTheCancellationAreCounted() throws Exception {
    var reached = new CountDownLatch(1);
    var run =
        observed.start(
            endless()
                .buffer("ten", 10)
                .mapParallel(
                    "wait",
                    2,
                    n -> {
                      reached.countDown();
                      return never();
                    })
                .to(Sink.count()));
    await(reached);
    Awaitility.await()
        .until(
            () ->
                run.report().stage("wait").inFlight() == 2 * 2 + 16
                    && run.report().stage("source").waitingForOutput().isPositive());
    run.cancel(new IllegalStateException("enough"));
    observed.failure(run);
    var report = run.report();
    assertThat(report.stage("source").undelivered()).isEqualTo(1);
    assertThat(report.stage("wait").unprocessed()).isEqualTo(2 * 2 + 16);
    assertThat(1 + report.stage("ten").undelivered() + 2 * 2 + 16)
        .isEqualTo(report.stage("source").produced());
  }

  // Drained

  @Test
  void aDrainStopsTheSourceAndLetsTheRestFinish() throws Exception {
    var made = new AtomicInteger();
    var run =
        observed.start(
            Pipe.from(Source.generate(made::incrementAndGet))
                .buffer("apart", 100)
                .mapParallel("parallel", 3, observed.seen(n -> n))
                .batch("tens", 10)
                .map("size", List::size)
                .to(Sink.fold(() -> 0, Integer::sum)));
    Awaitility.await().until(() -> run.report().stage("sink").received() > 10);
    run.drain(LONG);
    assertThat(observed.join(run)).isEqualTo(made.get());
    assertThat(run.report().stages())
        .allMatch(stage -> stage.unprocessed() == 0 && stage.undelivered() == 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDrainInterruptsASourceThatBlocks(boolean opening) throws Exception {
    var reached = new CountDownLatch(1);
    Source<Integer> source =
        context -> {
          if (opening) {
            observed.see();
            reached.countDown();
            never();
          }
          return () -> {
            reached.countDown();
            return never();
          };
        };
    var run =
        observed.start(
            Pipe.merge("both", List.of(pipe(3), Pipe.from("silent", source))).to(Sink.count()));
    await(reached);
    run.drain(LONG);
    assertThat(observed.join(run)).isEqualTo(3);
  }

  @Test
  void aDrainDoesNotInterruptTheFunctions() throws Exception {
    var reached = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    var interrupted = new AtomicInteger();
    var run =
        observed.start(
            endless()
                .tee(
                    "fused",
                    n -> {
                      reached.countDown();
                      try {
                        await(go);
                      } catch (InterruptedException e) {
                        interrupted.incrementAndGet();
                      }
                    })
                .to(Sink.count()));
    await(reached);
    run.drain(LONG);
    Awaitility.await()
        .pollDelay(Duration.ofMillis(20))
        .until(() -> run.report().stage("fused").inFlight() == 1);
    go.countDown();
    assertThat(observed.join(run)).isEqualTo(1);
    assertThat(interrupted).hasValue(0);
  }

  @Test
  void theInterruptOfADrainIsForTheSourceOnly() throws Exception {
    var reached = new CountDownLatch(1);
    Source<Integer> source =
        context ->
            () -> {
              try {
                reached.countDown();
                return never();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return 1;
              }
            };
    var run = observed.start(Pipe.from(source).tee("sleep", n -> Thread.sleep(1)).to(Sink.count()));
    await(reached);
    run.drain(LONG);
    assertThat(observed.join(run)).isEqualTo(1);
    assertThat(run.report().stage("sleep").processed()).isEqualTo(1);
  }

  @Test
  void aDrainFromAChannelLosesNoElement() throws Exception {
    for (int i = 0; i < 100; i++) {
      Channel<Integer> channel = Channel.buffered(4);
      var sent = new AtomicInteger();
      Thread sender =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      while (true) {
                        channel.send(1);
                        sent.incrementAndGet();
                      }
                    } catch (InterruptedException e) {
                      // the test is over
                    }
                  });
      var run = observed.start(Pipe.from(Source.channel(channel)).to(Sink.<Integer>count()));
      Awaitility.await().pollInterval(Duration.ofMillis(1)).until(() -> sent.get() > 100);
      run.drain(LONG);
      long received = observed.join(run);
      sender.interrupt();
      sender.join();
      assertThat(received + channel.size()).isEqualTo(sent.get());
    }
  }

  @Test
  void aDrainThatTakesTooLongIsACancellation() throws Exception {
    var reached = new CountDownLatch(1);
    var run =
        observed.start(
            endless()
                .map(
                    "wait",
                    observed.seen(
                        n -> {
                          reached.countDown();
                          return never();
                        }))
                .to(Sink.count()));
    await(reached);
    run.drain(Duration.ofMillis(20));
    assertThat(observed.failure(run)).hasCauseInstanceOf(TimeoutException.class);
  }

  @Test
  void aFailureWhileDrainingStopsTheRun() throws Exception {
    var reached = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    var run =
        observed.start(
            endless()
                .tee(
                    "wait",
                    n -> {
                      reached.countDown();
                      await(go);
                    })
                .map("fails", failsOn(0))
                .to(Sink.count()));
    await(reached);
    run.drain(LONG);
    go.countDown();
    assertThat(observed.failure(run))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("no 0");
  }

  // Failures

  /** Pipes of the numbers below a hundred, in which one fails in the stage "fails". */
  enum Failing {
    MAP(function -> pipe(100).map("fails", function)),
    AFTER_BUFFER(function -> pipe(100).buffer("apart", 4).map("fails", function)),
    PARALLEL(function -> pipe(100).mapParallel("fails", 4, function)),
    UNORDERED(function -> pipe(100).mapParallelUnordered("fails", 4, function)),
    KEYED(function -> pipe(100).mapKeyed("fails", 4, n -> n % 7, function)),
    KEY(function -> pipe(100).mapKeyed("fails", 4, n -> unchecked(function, n), n -> n)),
    PARTITION_KEY(
        function -> pipe(100).partitionBy("fails", n -> unchecked(function, n), 3, lane -> lane)),
    PARTITION(
        function -> pipe(100).partitionBy("by", n -> n, 3, lane -> lane.map("fails", function))),
    ASYNC(
        function ->
            pipe(100)
                .mapAsync(
                    "fails",
                    4,
                    n ->
                        java.util.concurrent.CompletableFuture.completedFuture(function.apply(n))));

    @SuppressWarnings("ImmutableEnumChecker") // they have no state
    final Function<StageFunction<Integer, Integer>, Pipe<Integer>> pipe;

    Failing(Function<StageFunction<Integer, Integer>, Pipe<Integer>> pipe) {
      this.pipe = pipe;
    }

    private static Integer unchecked(StageFunction<Integer, Integer> function, int n) {
      try {
        return function.apply(n);
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Failing.class)
  void theFirstFailureStopsTheRunWithItsCause(Failing failing) throws Exception {
    var run = observed.start(failing.pipe.apply(observed.seen(failsOn(50))).to(Sink.count()));
    Throwable thrown = observed.failure(run);
    assertThat(thrown).isInstanceOf(ExecutionException.class).hasRootCauseMessage("no 50");
    assertThat(thrown).hasMessageContaining("stage 'fails' failed on 50");
    assertThat(run.report().stage("fails").failed()).isEqualTo(1);
  }

  // reactor-core#2184: after an error has been dealt with, elements are lost downstream
  @ParameterizedTest
  @EnumSource(Failing.class)
  void whenTheHandlerReturnsTheRunGoesOnWithoutTheElement(Failing failing) throws Exception {
    List<Failure<?>> failures = new ArrayList<>();
    var run = observed.start(failing.pipe.apply(failsOn(50)).to(Sink.toList()), failures::add);
    assertThat(observed.join(run)).hasSize(99).doesNotContain(50);
    assertThat(failures).hasSize(1);
    assertThat(failures.getFirst().element()).isEqualTo(50);
    assertThat(failures.getFirst().stage()).isEqualTo("fails");
    assertThat(run.report().stage("fails").failed()).isEqualTo(1);
  }

  // stalled after 256 errors (the prefetch of a flatMap): thousands of failures
  @ParameterizedTest
  @EnumSource(Failing.class)
  void aStageMayFailOnEveryElement(Failing failing) throws Exception {
    var failures = new AtomicInteger();
    var run =
        observed.start(
            failing
                .pipe
                .apply(
                    n -> {
                      throw new IOException("no");
                    })
                .to(Sink.count()),
            failure -> failures.incrementAndGet());
    assertThat(observed.join(run)).isEqualTo(0);
    assertThat(failures).hasValue(100);
  }

  @Test
  void thousandsOfFailuresDoNotStallTheRun() throws Exception {
    var failures = new AtomicInteger();
    var run =
        observed.start(
            pipe(10_000)
                .mapParallel(
                    "fails",
                    3,
                    n -> {
                      if (n % 10 != 0) {
                        throw new IOException("no");
                      }
                      return n;
                    })
                .to(Sink.count()),
            failure -> failures.incrementAndGet());
    assertThat(observed.join(run)).isEqualTo(1000);
    assertThat(failures).hasValue(9000);
  }

  @Test
  void aStageThatStopsDoesNotAskTheHandler() throws Exception {
    var run =
        observed.start(
            pipe(100).onFailure(FailurePolicy.stop()).map("fails", failsOn(50)).to(Sink.count()),
            failure -> {
              throw new AssertionError("it was asked");
            });
    assertThat(observed.failure(run)).hasRootCauseMessage("no 50").hasNoSuppressedExceptions();
  }

  @Test
  void deadLettersGetTheFailuresOfTheirStages() throws Exception {
    List<Object> letters = Collections.synchronizedList(new ArrayList<>());
    List<Object> handled = Collections.synchronizedList(new ArrayList<>());
    var run =
        observed.start(
            pipe(100)
                .map("one", failsOn(1))
                .onFailure(FailurePolicy.deadLetters(failure -> letters.add(failure.element())))
                .map("two", failsOn(2))
                .mapParallel("three", 4, failsOn(3))
                .onFailure(FailurePolicy.report())
                .map("four", failsOn(4))
                .to(Sink.count()),
            failure -> handled.add(failure.element()));
    assertThat(observed.join(run)).isEqualTo(96);
    assertThat(letters).containsExactlyInAnyOrder(2, 3);
    assertThat(handled).containsExactlyInAnyOrder(1, 4);
  }

  @Test
  void aHandlerThatThrowsStopsTheRunWithBothCauses() throws Exception {
    var broken = new IllegalStateException("broken");
    var run =
        observed.start(
            pipe(100).mapParallel("fails", 3, failsOn(50)).to(Sink.count()),
            failure -> {
              throw broken;
            });
    Throwable thrown = observed.failure(run);
    assertThat(thrown).isInstanceOf(ExecutionException.class).hasCause(broken);
    assertThat(broken.getSuppressed()).extracting(Throwable::getMessage).containsExactly("no 50");
  }

  @Test
  void aSlowHandlerSlowsTheRunAndLosesNothing() throws Exception {
    var go = new CountDownLatch(1);
    var made = new AtomicInteger();
    List<Object> failed = new ArrayList<>();
    var run =
        observed.start(
            Pipe.from(Source.generate(made::incrementAndGet))
                .mapParallel(
                    "fails",
                    3,
                    n -> {
                      throw new IOException("no " + n);
                    })
                .to(Sink.count()),
            failure -> {
              await(go);
              failed.add(failure.element());
            });
    Awaitility.await().until(() -> run.report().stage("source").waitingForOutput().isPositive());
    assertThat(made.get()).isLessThan(50);
    go.countDown();
    Awaitility.await().until(() -> run.report().stage("fails").failed() > 1000);
    run.drain(LONG);
    assertThat(observed.join(run)).isEqualTo(0);
    assertThat(failed).hasSize(made.get()).doesNotHaveDuplicates();
  }

  @Test
  void aHandlerThatBlocksIsInterruptedByTheCancellation() throws Exception {
    var reached = new CountDownLatch(1);
    var run =
        observed.start(
            pipe(100).mapParallel("fails", 3, observed.seen(failsOn(50))).to(Sink.count()),
            failure -> {
              reached.countDown();
              never();
            });
    await(reached);
    run.cancel(new IllegalStateException("enough"));
    assertThat(observed.failure(run)).hasRootCauseMessage("enough");
    assertThat(run.report().stage("fails").failed()).isZero();
  }

  @ParameterizedTest
  @EnumSource(Failing.class)
  void anErrorStopsTheRunWhateverThePolicy(Failing failing) throws Exception {
    var error = new NoClassDefFoundError("Missing");
    var run =
        observed.start(
            failing
                .pipe
                .apply(
                    n -> {
                      if (n == 50) {
                        throw error;
                      }
                      return n;
                    })
                .to(Sink.count()),
            failure -> {});
    assertThat(observed.failure(run)).isInstanceOf(ExecutionException.class).hasCause(error);
  }

  @Test
  void aSourceThatFailsStopsTheRun() throws Exception {
    var broken = new IOException("broken");
    Source<Integer> opened =
        context -> {
          throw broken;
        };
    assertThat(observed.failure(observed.start(Pipe.from(opened).to(Sink.count()))))
        .isInstanceOf(ExecutionException.class)
        .hasCause(broken);
    var asked = new AtomicInteger();
    Pipeline<Long> middle =
        Pipe.from(
                Source.generate(
                    () -> {
                      if (asked.incrementAndGet() == 50) {
                        throw broken;
                      }
                      return 1;
                    }))
            .mapParallel("parallel", 3, observed.seen(n -> n))
            .to(Sink.count());
    assertThat(observed.failure(observed.start(middle))).hasCause(broken);
  }

  @ParameterizedTest
  @ValueSource(strings = {"open", "accept", "finish", "close"})
  void aSinkThatFailsStopsTheRun(String where) throws Exception {
    var broken = new IOException("broken");
    Sink<Integer, Integer> sink =
        context -> {
          fail(where.equals("open"), broken);
          return new Sink.Receiver<>() {
            @Override
            public boolean accept(Integer element) throws Exception {
              fail(where.equals("accept"), broken);
              return true;
            }

            @Override
            public Integer finish() throws Exception {
              fail(where.equals("finish"), broken);
              return 1;
            }

            @Override
            public void close() throws Exception {
              fail(where.equals("close"), broken);
            }
          };
        };
    assertThat(observed.failure(observed.start(pipe(100).buffer("apart", 2).to(sink))))
        .isInstanceOf(ExecutionException.class)
        .hasCause(broken);
  }

  private static void fail(boolean here, Exception broken) throws Exception {
    if (here) {
      throw broken;
    }
  }

  @Test
  void whatIsThrownWhileTheRunIsCancelledIsNotItsFailure() throws Exception {
    var reached = new CountDownLatch(1);
    List<Object> failed = new ArrayList<>();
    var run =
        observed.start(
            pipe(100)
                .map(
                    "wait",
                    observed.seen(
                        n -> {
                          reached.countDown();
                          try {
                            return never();
                          } catch (InterruptedException e) {
                            throw new IOException("interrupted", e);
                          }
                        }))
                .to(Sink.count()),
            failed::add);
    await(reached);
    run.cancel(new IllegalStateException("enough"));
    assertThat(observed.failure(run)).isInstanceOf(CancellationException.class);
    assertThat(failed).isEmpty();
    assertThat(run.report().stage("wait").unprocessed()).isEqualTo(1);
  }

  @Test
  void anErrorWhileTheRunIsCancelledIsTold() throws Exception {
    var reached = new CountDownLatch(1);
    var error = new LinkageError("late");
    var run =
        observed.start(
            pipe(100)
                .map(
                    "wait",
                    n -> {
                      reached.countDown();
                      try {
                        return never();
                      } catch (InterruptedException e) {
                        throw error;
                      }
                    })
                .to(Sink.count()));
    await(reached);
    run.cancel(new IllegalStateException("enough"));
    assertThat(observed.failure(run).getSuppressed()).contains(error);
  }

  // What is opened is closed

  @Test
  void whatTheRunOpensItClosesOnceHoweverItEnds() throws Exception {
    for (int end = 0; end < 4; end++) {
      var opened = new AtomicInteger();
      var closed = new AtomicInteger();
      var reached = new CountDownLatch(1);
      Source<Integer> source =
          context -> {
            opened.incrementAndGet();
            return new Source.Cursor<>() {
              private int n;

              @Override
              public Integer next() {
                return n++;
              }

              @Override
              public void close() {
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                closed.incrementAndGet();
              }
            };
          };
      int fails = end == 1 ? 50 : -1;
      Pipe<Integer> pipe =
          Pipe.from(source)
              .map("fails", failsOn(fails))
              .buffer("apart", 2)
              .tee(
                  "reached",
                  n -> {
                    if (n == 40) {
                      reached.countDown();
                    }
                  });
      var run = observed.start((end == 0 ? pipe.take("hundred", 100) : pipe).to(Sink.count()));
      if (end == 2) {
        await(reached);
        run.cancel(new IllegalStateException("enough"));
      } else if (end == 3) {
        await(reached);
        run.drain(LONG);
      }
      if (end == 0 || end == 3) {
        observed.join(run);
      } else {
        observed.failure(run);
      }
      assertThat(opened).hasValue(1);
      assertThat(closed).hasValue(1);
    }
  }

  @Test
  void aCloseIsNotInterruptedHoweverOftenTheRunIsCancelled() throws Exception {
    var opened = new CountDownLatch(1);
    var closing = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              @Override
              public Integer next() {
                opened.countDown();
                return 1;
              }

              @Override
              public void close() throws InterruptedException {
                closing.countDown();
                await(go);
              }
            };
    var run = observed.start(Pipe.from(source).to(Sink.count()));
    await(opened);
    run.cancel(new IllegalStateException("enough"));
    await(closing);
    run.cancel(new IllegalStateException("again"));
    go.countDown();
    assertThat(observed.failure(run)).hasRootCauseMessage("enough").hasNoSuppressedExceptions();
  }

  @Test
  void aChannelSinkTellsItsReceiverWhyTheRunEnded() throws Exception {
    Channel<Integer> channel = Channel.buffered(200);
    var run = observed.start(pipe(100).map("fails", failsOn(3)).to(Sink.channel(channel)));
    observed.failure(run);
    assertThat(channel.receive()).isEqualTo(0);
    assertThat(channel.receive()).isEqualTo(1);
    assertThat(channel.receive()).isEqualTo(2);
    assertThatThrownBy(channel::receive)
        .isInstanceOf(ChannelClosedException.class)
        .hasRootCauseMessage("no 3");
  }

  @Test
  void aFunctionThatCatchesEverythingDoesNotKeepAStageAlive() throws Exception {
    var run =
        observed.start(
            endless()
                .<Integer>via(
                    "catches",
                    () ->
                        (element, out) -> {
                          for (int i = 0; i < 10; i++) {
                            try {
                              out.emit(i);
                            } catch (Throwable e) {
                              // it should let it pass
                            }
                          }
                          return dev.millrace.pipeline.graph.Transform.Outcome.USED;
                        })
                .take("fifteen", 15)
                .to(Sink.count()));
    assertThat(observed.join(run)).isEqualTo(15);
  }
}
