package dev.millrace.stages.reactor;

import static dev.millrace.stages.reactor.Runs.endless;
import static dev.millrace.stages.reactor.Runs.numbers;
import static dev.millrace.stages.reactor.Runs.other;
import static dev.millrace.stages.reactor.Runs.stop;
import static dev.millrace.stages.reactor.Runs.upTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The end of cancelled runs on Reactor. */
@Timeout(60)
class ReactorCancelTest {

  private final IOException cause = new IOException("enough");

  @AfterEach
  void noThreadIsLeft() {
    Leaks.check();
  }

  // Cancel

  /** Pipes of each kind of node. Each blocks for ever at a known point. */
  static Stream<Arguments> stuck() {
    return Stream.of(
        stuck("source", p -> Pipe.from("stuck", Source.generate(() -> stop(1)))),
        stuck("open", p -> Pipe.from("stuck", context -> stop(() -> 1))),
        stuck("map", p -> p.map("stuck", x -> stop(x))),
        stuck("map behind a thread", p -> p.buffer("b", 2).map("stuck", x -> stop(x))),
        stuck("flatMap", p -> p.flatMap("many", x -> upTo(50)).tee("stuck", x -> stop(x))),
        stuck("parallel", p -> p.mapParallel("stuck", 3, x -> stop(x))),
        stuck("unordered", p -> p.mapParallelUnordered("stuck", 3, x -> stop(x))),
        stuck("keyed", p -> p.mapKeyed("stuck", 3, x -> x % 2, x -> stop(x))),
        stuck("key", p -> p.mapKeyed("stuck", 3, x -> key(x), x -> x)),
        stuck("after parallel", p -> p.mapParallel("id", 3, x -> x).map("stuck", x -> stop(x))),
        stuck("buffer", p -> p.buffer("b", 5, Overflow.DROP_OLDEST).map("stuck", x -> stop(x))),
        stuck("merge", p -> Pipe.merge("m", List.of(p, other())).map("stuck", x -> stop(x))),
        stuck("silent", p -> Pipe.merge("m", List.of(p.filter("no", x -> false), other()))),
        stuck(
            "concat",
            p -> Pipe.concat("c", List.of(p.take("t", 3), other().map("stuck", x -> stop(x))))),
        stuck("zip", p -> p.zip("stuck", other(), (a, b) -> stop(a))),
        stuck("zip with silence", p -> p.zip("z", other().map("stuck", x -> stop(x)), (a, b) -> a)),
        stuck(
            "broadcast",
            p -> p.broadcast("f", List.of(lane -> lane, lane -> lane.map("stuck", x -> stop(x))))),
        stuck("balance", p -> p.balance("f", 3, lane -> lane.map("stuck", x -> stop(x)))),
        stuck("partition", p -> p.partitionBy("f", x -> x, 3, lane -> lane.map("s", x -> stop(x)))),
        stuck("throttle", p -> p.throttle("stuck", 1, Duration.ofHours(1))),
        stuck("batch", p -> p.batch("b", 5, Duration.ofHours(1)).map("stuck", x -> stop(1))),
        stuck(
            "debounce",
            p -> p.take("t", 3).debounce("d", Duration.ofHours(1)).map("s", x -> stop(x))));
  }

  private static Object key(int x) {
    try {
      return stop(x);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Arguments stuck(String name, UnaryOperator<Pipe<Integer>> stage) {
    return Arguments.of(name, stage);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("stuck")
  void cancelEndsARunWhereverItStands(String name, UnaryOperator<Pipe<Integer>> stage)
      throws Exception {
    Pipeline<Long> pipeline = stage.apply(endless()).to(Sink.count());
    for (int round = 0; round < 20; round++) {
      try (Run<Long> run = pipeline.start(Runs.ENGINE, Context.background())) {
        // Waits for different times, so that the cancel comes at different points of the start.
        for (int i = 0; i < 2000 * round; i++) {
          Thread.onSpinWait();
        }
        run.cancel(cause);
        assertThatThrownBy(run::join)
            .isInstanceOf(CancellationException.class)
            .hasCause(cause)
            .hasNoSuppressedExceptions(); // a run that waits for its grace names a stage here
        Runs.assertBalanced(run);
        assertThat(run.isDone()).isTrue();
      }
    }
  }

  @Test
  void cancelledContextEndsTheRunWithItsCause() throws Exception {
    try (var context = Context.background().withCancel();
        var run = endless().map("id", x -> x).to(Sink.count()).start(Runs.ENGINE, context)) {
      context.cancel(cause);
      assertThatThrownBy(run::join).isInstanceOf(CancellationException.class).hasCause(cause);
      Runs.assertBalanced(run);
    }
  }

  @Test
  void deadlineOfTheContextEndsTheRun() throws Exception {
    try (var context = Context.background().withTimeout(Duration.ofMillis(30));
        var run =
            endless().map("stuck", x -> stop(x)).to(Sink.count()).start(Runs.ENGINE, context)) {
      assertThatThrownBy(run::join)
          .isInstanceOf(CancellationException.class)
          .hasCauseInstanceOf(DeadlineExceededException.class);
      Runs.assertBalanced(run);
    }
  }

  @Test
  void contextThatIsCancelledAlreadyOpensNothing() throws Exception {
    var opened = new AtomicBoolean();
    Source<Integer> source =
        context -> {
          opened.set(true);
          return () -> 1;
        };
    try (var context = Context.background().withCancel()) {
      context.cancel(cause);
      try (var run = Pipe.from(source).to(Sink.count()).start(Runs.ENGINE, context)) {
        assertThatThrownBy(run::join).isInstanceOf(CancellationException.class).hasCause(cause);
        Runs.assertBalanced(run);
      }
    }
    assertThat(opened).isFalse();
  }

  @Test
  void cancelClosesTheChannelOfTheSinkWithTheCause() throws Exception {
    Channel<Integer> out = Channel.rendezvous();
    try (var run = endless().to(Sink.channel(out)).start(Runs.ENGINE, Context.background())) {
      assertThat(out.receive()).isEqualTo(1);
      run.cancel(cause);
      assertThatThrownBy(run::join).isInstanceOf(CancellationException.class);
      assertThatThrownBy(
              () -> {
                while (true) {
                  out.receive();
                }
              })
          .hasCause(cause);
    }
  }

  @Test
  void cancelAfterTheEndChangesNothing() throws Exception {
    try (var run = numbers(3).to(Sink.count()).start(Runs.ENGINE, Context.background())) {
      assertThat(run.join()).isEqualTo(3);
      run.cancel(cause);
      run.drain(Duration.ZERO);
      assertThat(run.join()).isEqualTo(3);
    }
  }

  @Test
  void exceptionThrownBecauseOfTheCancelIsNoFailure() throws Exception {
    var running = new CountDownLatch(1);
    var handled = new AtomicInteger();
    Pipe<Integer> pipe =
        numbers(10)
            .map(
                "wraps",
                x -> {
                  running.countDown();
                  try {
                    return stop(x);
                  } catch (InterruptedException e) {
                    throw new IllegalStateException("interrupted", e);
                  }
                });
    try (var run =
        pipe.to(Sink.count())
            .start(Runs.ENGINE, Context.background(), f -> handled.incrementAndGet())) {
      running.await();
      run.cancel(cause);
      assertThatThrownBy(run::join)
          .isInstanceOf(CancellationException.class)
          .hasCause(cause)
          .hasNoSuppressedExceptions();
      Runs.assertBalanced(run);
      assertThat(run.report().stage("wraps").unprocessed()).isEqualTo(1);
    }
    assertThat(handled).hasValue(0);
  }

  @Test
  void handlerThatBlocksDoesNotHoldUpACancel() throws Exception {
    var blocked = new CountDownLatch(1);
    Pipe<Integer> pipe =
        endless()
            .mapParallel(
                "fails",
                8,
                x -> {
                  throw new IOException("odd");
                });
    try (var run =
        pipe.to(Sink.count())
            .start(
                Runs.ENGINE,
                Context.background(),
                failure -> {
                  blocked.countDown();
                  stop(failure);
                })) {
      blocked.await();
      run.cancel(cause);
      assertThatThrownBy(run::join).isInstanceOf(CancellationException.class).hasCause(cause);
      Runs.assertBalanced(run);
    }
  }

  @Test
  void swallowedInterruptIsRepeated() throws Exception {
    var interrupts = new AtomicInteger();
    var running = new CountDownLatch(1);
    Pipe<Integer> pipe =
        numbers(1)
            .mapParallel(
                "stubborn",
                1,
                x -> {
                  running.countDown();
                  while (interrupts.get() < 3) {
                    try {
                      stop(x);
                    } catch (InterruptedException e) {
                      interrupts.incrementAndGet();
                    }
                  }
                  return x;
                });
    try (var run = pipe.to(Sink.count()).start(Runs.ENGINE, Context.background())) {
      running.await();
      run.cancel(cause);
      assertThatThrownBy(run::join).hasCause(cause).hasNoSuppressedExceptions();
      Runs.assertBalanced(run);
    }
    assertThat(interrupts).hasValue(3);
  }

  @Test
  void joinEndsAlthoughAFunctionIgnoresInterruptsAndSaysWhich() throws Exception {
    var release = new AtomicBoolean();
    var running = new CountDownLatch(1);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    Pipe<Integer> pipe =
        numbers(1)
            .mapParallel(
                "deaf",
                1,
                x -> {
                  threads.add(Thread.currentThread());
                  running.countDown();
                  ignoreInterrupts(release);
                  return x;
                });
    var engine = ReactorEngine.withGrace(Duration.ofMillis(200));
    try (var run = pipe.to(Sink.count()).start(engine, Context.background())) {
      running.await();
      run.cancel(cause);
      assertThatThrownBy(run::join)
          .isInstanceOf(CancellationException.class)
          .hasCause(cause)
          .satisfies(
              e -> {
                Throwable told = e.getSuppressed()[0];
                assertThat(told)
                    .isInstanceOf(TimeoutException.class)
                    .hasMessageContaining("deaf: runs 1 function, for at least ");
                assertThat(e.getSuppressed()[1].getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("ignoreInterrupts"));
              });
      assertThat(run.report().balances()).isTrue();
    } finally {
      release.set(true);
    }
    await().until(() -> threads.stream().noneMatch(Thread::isAlive));
  }

  private static void ignoreInterrupts(AtomicBoolean release) {
    while (!release.get()) {
      try {
        Thread.sleep(1); // and ignores its interrupt
      } catch (InterruptedException e) {
        // ignores its interrupt
      }
    }
  }

  @Test
  void closeCancelsAndWaits() {
    var run =
        endless()
            .map("stuck", x -> stop(x))
            .to(Sink.count())
            .start(Runs.ENGINE, Context.background());
    run.close();
    assertThat(run.isDone()).isTrue();
    assertThatThrownBy(run::join).isInstanceOf(CancellationException.class);
  }

  @Test
  void interruptedJoinLeavesTheRunAlone() throws Exception {
    var open = new CountDownLatch(1);
    Pipe<Integer> pipe = numbers(1).tee("gate", x -> open.await());
    try (var run = pipe.to(Sink.count()).start(Runs.ENGINE, Context.background())) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(run::join).isInstanceOf(InterruptedException.class);
      open.countDown();
      assertThat(run.join()).isEqualTo(1);
    }
  }
}
