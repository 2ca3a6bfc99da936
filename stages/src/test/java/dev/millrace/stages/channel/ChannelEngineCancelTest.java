package dev.millrace.stages.channel;

import static dev.millrace.stages.channel.Pipes.LONG;
import static dev.millrace.stages.channel.Pipes.await;
import static dev.millrace.stages.channel.Pipes.endless;
import static dev.millrace.stages.channel.Pipes.never;
import static dev.millrace.stages.channel.Pipes.pipe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of cancelled runs. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelEngineCancelTest {

  private final Observed observed = new Observed();

  // Cancelled at every point
  /** The points at which a run can be when it is cancelled. Each pipeline blocks at its point. */
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

    @SuppressWarnings("ImmutableEnumChecker") // functions without state
    final Function<StageFunction<Integer, Integer>, Pipe<Integer>> pipe;

    /** The stage that emits elements if no function is reached. */
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
    run.cancel(cause);
    assertThatThrownBy(() -> observed.join(run))
        .isInstanceOf(CancellationException.class)
        .hasCause(cause)
        .hasNoSuppressedExceptions(); // a run that waits for its grace names a stage here
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
    assertThat(run.explain())
        .containsPattern(
            "deaf: ended, but runs its function, for at least .*, at " + getClass().getName());
    go.set(true);
    await(ended);
    Awaitility.await().until(() -> !run.explain().contains("deaf: ended, but"));
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
                run.report().stage("wait").inFlight() == 64
                    && run.report().stage("source").waitingForOutput().isPositive());
    run.cancel(new IllegalStateException("enough"));
    observed.failure(run);
    var report = run.report();
    assertThat(report.stage("source").undelivered()).isEqualTo(1);
    assertThat(report.stage("wait").unprocessed()).isEqualTo(64);
    assertThat(1 + report.stage("ten").undelivered() + 64)
        .isEqualTo(report.stage("source").produced());
  }
}
