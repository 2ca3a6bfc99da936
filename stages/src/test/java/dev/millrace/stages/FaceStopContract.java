package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.sync.TaskGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/**
 * The promises of the free functions on either face when they are stopped. The seven defects come
 * from the pipeline in "Applying Modern Go Concurrency Patterns to Data Pipelines" (AMBOSS, 2021);
 * the others are in {@link FaceContract}.
 */
abstract class FaceStopContract extends FaceTheme {

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

  /** Defect 2: an acquire that fails drops its element silently; the caller sees a regular end. */
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
          .hasCause(worse)
          .hasSuppressedException(bad)
          .hasMessageContaining("while it handled: stage 'test' failed on");
      assertThat(worse.getSuppressed()).as("the exception of the user is not changed").isEmpty();
      assertThat(bad.getSuppressed()).isEmpty();
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
    assertThat(started.await(50, TimeUnit.SECONDS)).isTrue();
    caller.interrupt();
    caller.join();
    assertThat(outcome.getFirst()).isInstanceOf(InterruptedException.class);
  }
}
