package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.errors.Failure;
import dev.millrace.sync.TaskGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the free functions promise on either face. The seven defects are those of the pipeline in
 * "Applying Modern Go Concurrency Patterns to Data Pipelines" (AMBOSS, 2021).
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class FaceContract {

  private static final Context.Key<String> USER = Context.Key.of("user");

  private final List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());

  abstract Face face();

  @BeforeEach
  void watchThreads() {
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> uncaught.add(e));
  }

  @AfterEach
  void noThreadThrew() {
    Thread.setDefaultUncaughtExceptionHandler(null);
    assertThat(uncaught).isEmpty();
  }

  private static Iterable<Integer> numbers(int n) {
    return () -> IntStream.range(0, n).iterator();
  }

  @SuppressWarnings("UnnecessaryLambda")
  private static Iterable<Integer> endless() {
    return () -> IntStream.iterate(0, i -> i + 1).iterator();
  }

  private static void blockForEver() throws InterruptedException {
    new CountDownLatch(1).await();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 64})
  void everyElementIsMappedOnce(int parallelism) throws Exception {
    List<Integer> seen = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      face().<Integer, Integer>run(group, numbers(20_000), parallelism, x -> x * 2, seen::add);
    }
    assertThat(seen).hasSize(20_000).doesNotHaveDuplicates().allMatch(x -> x % 2 == 0);
  }

  @Test
  void parallelismOneKeepsTheOrder() throws Exception {
    List<Integer> seen = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      face().<Integer, Integer>run(group, numbers(1000), 1, x -> x, seen::add);
    }
    assertThat(seen).isSorted().hasSize(1000);
  }

  @Test
  void emptySourceEndsAtOnce() throws Exception {
    List<Integer> seen = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      face().<Integer, Integer>run(group, List.of(), 4, x -> x, seen::add);
    }
    assertThat(seen).isEmpty();
  }

  @Test
  void noMoreThanTheParallelismRunAtOnce() throws Exception {
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    try (var group = TaskGroup.open(Context.background())) {
      face()
          .<Integer, Integer>run(
              group,
              numbers(2000),
              3,
              x -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                Thread.yield();
                running.decrementAndGet();
                return x;
              },
              x -> {});
    }
    assertThat(most.get()).isBetween(2, 3);
  }

  @Test
  void failuresLeaveByTheErrorChannelAndValuesGoOn() throws Exception {
    List<Integer> values = new ArrayList<>();
    List<Failure<?>> failures = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      face()
          .<Integer, Integer>run(
              group,
              List.of(numbers(1000), numbers(1000), numbers(1000)),
              4,
              x -> {
                if (x % 3 == 0) {
                  throw new IOException("bad " + x);
                }
                return x;
              },
              values::add,
              failures::add);
    }
    assertThat(values).hasSize(3 * 666).noneMatch(x -> x % 3 == 0);
    assertThat(failures)
        .hasSize(3 * 334)
        .allSatisfy(
            failure -> {
              assertThat(failure.stage()).isEqualTo("test");
              assertThat(failure.attempt()).isEqualTo(1);
              assertThat(failure.cause()).hasMessage("bad " + failure.element());
            });
  }

  @Test
  void allElementsFailAndNothingStalls() throws Exception {
    var failures = new AtomicInteger();
    try (var group = TaskGroup.open(Context.background())) {
      face()
          .<Integer, Integer>run(
              group,
              List.of(numbers(5000)),
              8,
              x -> {
                throw new IllegalStateException("all");
              },
              x -> {},
              failure -> failures.incrementAndGet());
    }
    assertThat(failures).hasValue(5000);
  }

  @Test
  @SuppressWarnings("NullAway") // to see it refused
  void nullResultIsAFailure() throws Exception {
    List<Failure<?>> failures = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      face()
          .<Integer, Integer>run(group, List.of(numbers(1)), 1, x -> null, x -> {}, failures::add);
    }
    assertThat(failures.getFirst().cause()).hasMessageContaining("returned null");
  }

  @Test
  void contextIsCurrentInFunctions() throws Exception {
    List<String> seen = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background().withValue(USER, "ann"))) {
      face()
          .<Integer, String>run(
              group, numbers(3), 2, x -> "" + Context.current().value(USER), seen::add);
    }
    assertThat(seen).containsOnly("ann");
  }

  /** Defect 1: after a cancel the select loop spins. */
  @Test
  void cancelEndsEveryStage() throws Exception {
    var cause = new IOException("stop");
    try (var context = Context.background().withCancel();
        var group = TaskGroup.open(context)) {
      var taken = new AtomicInteger();
      assertThatThrownBy(
              () ->
                  face()
                      .<Integer, Integer>run(
                          group,
                          endless(),
                          4,
                          x -> x,
                          x -> {
                            if (taken.incrementAndGet() == 100) {
                              context.cancel(cause);
                            }
                          }))
          .isInstanceOf(CancellationException.class)
          .hasRootCause(cause);
      assertThat(taken).hasValue(100);
    }
  }

  /**
   * Defect 2: an acquire that fails drops its element silently: the caller is told that it ended.
   */
  @Test
  void cancelWhileWaitingForThePermitIsReported() throws Exception {
    try (var context = Context.background().withCancel();
        var group = TaskGroup.open(context)) {
      var started = new CountDownLatch(2);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  started.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                context.cancel();
              });
      var interrupted = new AtomicInteger();
      assertThatThrownBy(
              () ->
                  face()
                      .<Integer, Integer>run(
                          group,
                          numbers(100),
                          2,
                          x -> {
                            started.countDown();
                            try {
                              blockForEver();
                            } catch (InterruptedException e) {
                              interrupted.incrementAndGet();
                              throw e;
                            }
                            return x;
                          },
                          x -> {}))
          .isInstanceOf(CancellationException.class);
      group.close();
      assertThat(interrupted).hasValue(2);
    }
  }

  /** Defect 3: a worker's send ignores the context, and the worker leaks. */
  @Test
  void workersThatWaitToSendEndWithTheRun() throws Exception {
    var alive = new AtomicInteger();
    var failure = new IOException("consumer");
    try (var group = TaskGroup.open(Context.background())) {
      assertThatThrownBy(
              () ->
                  face()
                      .<Integer, Integer>run(
                          group,
                          endless(),
                          8,
                          x -> {
                            alive.incrementAndGet();
                            try {
                              return x;
                            } finally {
                              alive.decrementAndGet();
                            }
                          },
                          x -> {
                            throw failure;
                          }))
          .isInstanceOf(ExecutionException.class)
          .hasCause(failure);
    }
    assertThat(alive).hasValue(0);
  }

  /** Defect 4: channels are closed under live workers when the drain is cancelled. */
  @Test
  void cancelWhileWorkersAreLiveNeverSendsOnClosed() throws Exception {
    for (int round = 0; round < 200; round++) {
      int cancelAt = round;
      try (var context = Context.background().withCancel();
          var group = TaskGroup.open(context)) {
        List<Throwable> unexpected = new ArrayList<>();
        var taken = new AtomicInteger();
        assertThatThrownBy(
                () ->
                    face()
                        .<Integer, Integer>run(
                            group,
                            List.of(endless(), endless()),
                            4,
                            x -> {
                              if (taken.incrementAndGet() > cancelAt) {
                                context.cancel();
                              }
                              return x;
                            },
                            x -> {},
                            failed -> unexpected.add(failed.cause())))
            .isInstanceOf(CancellationException.class);
        assertThat(unexpected).isEmpty();
      }
    }
  }

  /** Defect 5: the sink returns when the values close, and loses the errors that are pending. */
  @Test
  void sinkTakesTheLastFailures() throws Exception {
    for (int round = 0; round < 200; round++) {
      var failures = new AtomicInteger();
      try (var group = TaskGroup.open(Context.background())) {
        face()
            .<Integer, Integer>run(
                group,
                List.of(numbers(10)),
                10,
                x -> {
                  if (x >= 5) {
                    throw new IOException("late");
                  }
                  return x;
                },
                x -> {},
                failure -> failures.incrementAndGet());
      }
      assertThat(failures).hasValue(5);
    }
  }

  /** Defect 6: merge does not watch the context while it receives. */
  @Test
  void mergeOfSilentInputsEndsWithTheContext() throws Exception {
    try (var context = Context.background().withTimeout(Duration.ofMillis(50));
        var group = TaskGroup.open(context)) {
      Iterable<Integer> silent =
          () ->
              new Iterator<>() {
                @Override
                public boolean hasNext() {
                  try {
                    blockForEver();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  return false;
                }

                @Override
                public Integer next() {
                  return 0;
                }
              };
      assertThatThrownBy(
              () ->
                  face()
                      .<Integer, Integer>run(
                          group, List.of(silent, silent), 1, x -> x, x -> {}, x -> {}))
          .isInstanceOf(CancellationException.class)
          .hasRootCauseInstanceOf(DeadlineExceededException.class);
    }
  }

  /** Defect 7: the cause never reaches the caller. */
  @Test
  void firstFailureStopsTheRunAndIsItsCause() throws Exception {
    var cause = new IOException("bad element");
    try (var group = TaskGroup.open(Context.background())) {
      assertThatThrownBy(
              () ->
                  face()
                      .<Integer, Integer>run(
                          group,
                          endless(),
                          4,
                          x -> {
                            if (x == 100) {
                              throw cause;
                            }
                            return x;
                          },
                          x -> {}))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("stage 'test' failed on 100")
          .hasCause(cause);
      assertThat(group.context().cause()).isSameAs(cause);
    }
  }

  @Test
  void failureHandlerThatThrowsStopsTheRunWithBothCauses() throws Exception {
    var bad = new IOException("element");
    var worse = new IllegalStateException("handler");
    try (var group = TaskGroup.open(Context.background())) {
      assertThatThrownBy(
              () ->
                  face()
                      .<Integer, Integer>run(
                          group,
                          List.of(endless()),
                          2,
                          x -> {
                            throw bad;
                          },
                          x -> {},
                          failure -> {
                            throw worse;
                          }))
          .isInstanceOf(ExecutionException.class)
          .hasCause(worse);
      assertThat(worse).hasSuppressedException(bad);
    }
  }

  @Test
  void errorsAreNotFailuresOfAnElement() throws Exception {
    var error = new StackOverflowError("deep");
    try (var group = TaskGroup.open(Context.background())) {
      assertThatThrownBy(
              () ->
                  face()
                      .<Integer, Integer>run(
                          group,
                          List.of(endless()),
                          4,
                          x -> {
                            throw error;
                          },
                          x -> {},
                          failure -> {}))
          .isInstanceOf(ExecutionException.class)
          .hasRootCause(error);
    }
  }

  @Test
  void sourceThatThrowsFailsTheRun() throws Exception {
    var cause = new IllegalStateException("disk");
    Iterable<Integer> broken =
        () ->
            IntStream.range(0, 100)
                .map(
                    i -> {
                      if (i == 50) {
                        throw cause;
                      }
                      return i;
                    })
                .iterator();
    try (var group = TaskGroup.open(Context.background())) {
      assertThatThrownBy(
              () ->
                  face()
                      .<Integer, Integer>run(
                          group, List.of(broken, endless()), 2, x -> x, x -> {}, x -> {}))
          .isInstanceOf(ExecutionException.class)
          .hasCause(cause);
    }
  }

  @RepeatedTest(100)
  void cancelAtAnyMomentThrowsInNoOtherThread() throws Exception {
    try (var context = Context.background().withCancel()) {
      try (var group = TaskGroup.open(context)) {
        assertThatThrownBy(
                () ->
                    face()
                        .<Integer, Integer>run(
                            group,
                            List.of(endless(), endless()),
                            4,
                            x -> x,
                            x -> {
                              if (x > ThreadLocalRandom.current().nextInt(100)) {
                                context.cancel();
                              }
                            },
                            failure -> {}))
            .isInstanceOf(CancellationException.class);
      }
    }
  }

  @Test
  void interruptedCallerCancelsTheRun() throws Exception {
    var started = new CountDownLatch(1);
    var outcome = new ArrayList<Throwable>();
    Thread caller =
        Thread.ofVirtual()
            .start(
                () -> {
                  try (var group = TaskGroup.open(Context.background())) {
                    face()
                        .<Integer, Integer>run(
                            group,
                            numbers(10),
                            1,
                            x -> {
                              started.countDown();
                              blockForEver();
                              return x;
                            },
                            x -> {});
                  } catch (Throwable e) {
                    outcome.add(e);
                  }
                });
    assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();
    caller.interrupt();
    caller.join();
    assertThat(outcome.getFirst()).isInstanceOf(InterruptedException.class);
  }

  @Test
  void slowFailureHandlerSlowsTheRunAndLosesNothing() throws Exception {
    var failures = new AtomicInteger();
    var ahead = new AtomicInteger();
    var most = new AtomicInteger();
    try (var group = TaskGroup.open(Context.background())) {
      face()
          .<Integer, Integer>run(
              group,
              List.of(numbers(500)),
              2,
              x -> {
                most.accumulateAndGet(ahead.incrementAndGet(), Math::max);
                throw new IOException("bad");
              },
              x -> {},
              failure -> {
                Thread.yield();
                ahead.decrementAndGet();
                failures.incrementAndGet();
              });
    }
    assertThat(failures).hasValue(500);
    assertThat(most.get()).isLessThan(20);
  }
}
