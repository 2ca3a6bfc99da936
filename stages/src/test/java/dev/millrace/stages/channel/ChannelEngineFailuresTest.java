package dev.millrace.stages.channel;

import static dev.millrace.stages.channel.Pipes.LONG;
import static dev.millrace.stages.channel.Pipes.await;
import static dev.millrace.stages.channel.Pipes.failsOn;
import static dev.millrace.stages.channel.Pipes.never;
import static dev.millrace.stages.channel.Pipes.pipe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Failures in a run, and how the run ends then. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelEngineFailuresTest {

  private final Observed observed = new Observed();

  /** Pipes of the numbers below a hundred, one of which fails in the stage "fails". */
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

    @SuppressWarnings("ImmutableEnumChecker") // functions without state
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
    assertThat(thrown.getSuppressed()).extracting(Throwable::getMessage).containsExactly("no 50");
    assertThat(broken.getSuppressed()).as("the exception of the user is not changed").isEmpty();
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
    assertThat(made.get()).isLessThan(70);
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
}
