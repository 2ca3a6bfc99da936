package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Threads;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A caller is freed when its context ends, and nobody loses sight of the function. */
@Timeout(60)
class DetachedCallsTest {

  private final Threads threads = new Threads();
  private final Semaphore running = new Semaphore(0); // a permit for each function that runs
  private final CountDownLatch go = new CountDownLatch(1);
  private final List<Object> late = new CopyOnWriteArrayList<>();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    go.countDown();
    threads.close();
  }

  /** Goes on until it is let go, whatever comes. */
  private String stubborn() {
    running.release();
    while (go.getCount() > 0) {
      try {
        go.await();
      } catch (InterruptedException e) {
        late.add("interrupted");
      }
    }
    return "value";
  }

  @Test
  void callReturnsTheValue() throws Exception {
    var calls = DetachedCalls.atMost(1);
    for (int i = 0; i < 100; i++) { // the place is free again when the call has returned
      int n = i;
      int result = calls.call(Context.background(), () -> n * 2);
      assertThat(result).isEqualTo(n * 2);
    }
    @Nullable String nothing = calls.<@Nullable String>call(Context.background(), () -> null);
    assertThat(nothing).isNull();
    assertThat(calls.running()).isZero();
  }

  @Test
  void failureAndPanicReachTheCaller() {
    var calls = DetachedCalls.atMost(1);
    var failure = new IOException("no route");
    assertThatThrownBy(
            () ->
                calls.call(
                    Context.background(),
                    () -> {
                      throw failure;
                    }))
        .isInstanceOf(ExecutionException.class)
        .hasCause(failure);
    assertThatThrownBy(
            () ->
                calls.call(
                    Context.background(),
                    () -> {
                      throw new AssertionError("panic");
                    }))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(AssertionError.class);
    assertThat(failure.getSuppressed()).isEmpty();
  }

  @Test
  void callerIsFreedByItsContextAlthoughTheFunctionGoesOn() throws Exception {
    var calls = DetachedCalls.atMost(2);
    var cause = new IOException("client gone");
    try (var context = Context.background().withCancel()) {
      cancelOnceItRuns(context, cause);
      assertThatThrownBy(() -> calls.call(context, this::stubborn, late::add))
          .isInstanceOf(CancellationException.class)
          .hasCause(cause)
          .satisfies(
              e ->
                  assertThat(e.getSuppressed()[0].getStackTrace())
                      .anyMatch(frame -> frame.getMethodName().equals("stubborn")));
    }
    assertThat(calls.leftBehind())
        .singleElement()
        .satisfies(
            left -> {
              assertThat(left.since()).isPositive();
              assertThat(left.place().getStackTrace())
                  .anyMatch(frame -> frame.getMethodName().equals("stubborn"));
            });
    assertThat(calls.toString()).contains("1 left behind");
    await().until(() -> late.contains("interrupted"));
    go.countDown();
    await().until(() -> late.contains("value")); // nobody else got it
    await().until(() -> calls.running() == 0);
    assertThat(calls.leftBehind()).isEmpty();
  }

  private void cancelOnceItRuns(CancellableContext context, Throwable cause) {
    var _ =
        threads.start(
            () -> {
              running.acquire();
              context.cancel(cause);
              return true;
            });
  }

  @Test
  void deadlineFreesTheCaller() {
    var calls = DetachedCalls.atMost(1);
    try (var context = Context.background().withTimeout(Duration.ofMillis(20))) {
      assertThatThrownBy(() -> calls.call(context, this::stubborn))
          .isInstanceOf(CancellationException.class)
          .hasCauseInstanceOf(DeadlineExceededException.class);
    }
  }

  @Test
  void contextOfTheFunctionEndsWhenItsCallerIsInterrupted() throws Exception {
    var calls = DetachedCalls.atMost(1);
    var cancelled = new CountDownLatch(1);
    var caller =
        threads.start(
            () ->
                calls.call(
                    Context.background(),
                    () -> {
                      Context own = Context.current();
                      var _ = own.afterFunc(cancelled::countDown);
                      return stubborn();
                    }));
    running.acquire();
    caller.thread().interrupt();
    assertThatThrownBy(caller::get).hasCauseInstanceOf(InterruptedException.class);
    cancelled.await();
    assertThat(calls.leftBehind()).hasSize(1);
  }

  @Test
  void functionsLeftBehindAreBounded() throws Exception {
    var calls = DetachedCalls.atMost(2);
    for (int i = 0; i < 2; i++) {
      try (var context = Context.background().withCancel()) {
        cancelOnceItRuns(context, new IOException("client gone"));
        assertThatThrownBy(() -> calls.call(context, this::stubborn))
            .isInstanceOf(CancellationException.class);
      }
    }
    assertThatThrownBy(() -> calls.call(Context.background(), () -> late.add("called")))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessageContaining("2 of them by functions that were left behind");
    assertThat(late).doesNotContain("called");
    go.countDown();
    await().until(() -> calls.running() == 0);
    assertThat(calls.call(Context.background(), () -> "again")).isEqualTo("again");
  }

  @Test
  void doneContextCallsNothing() {
    var calls = DetachedCalls.atMost(1);
    try (var context = Context.background().withCancel()) {
      context.cancel();
      assertThatThrownBy(() -> calls.call(context, () -> late.add("called")))
          .isInstanceOf(CancellationException.class);
    }
    assertThat(late).isEmpty();
    assertThat(calls.running()).isZero();
  }

  /** Whichever comes first: each value goes to the caller or to the handler, and to one only. */
  @Test
  void everyValueHasOneTaker() throws Exception {
    var calls = DetachedCalls.atMost(100);
    int taken = 0;
    int calledAtAll = 2_000;
    for (int i = 0; i < 2_000; i++) {
      try (var context = Context.background().withCancel()) {
        var canceller =
            threads.start(
                () -> {
                  context.cancel();
                  return true;
                });
        try {
          taken += calls.call(context, () -> 1, late::add);
        } catch (CancellationException e) {
          calledAtAll -= e.getSuppressed().length == 0 ? 1 : 0; // not called at all
        }
        assertThat(canceller.get()).isTrue();
      }
    }
    int own = taken;
    int called = calledAtAll;
    await().until(() -> own + late.size() == called);
  }

  @Test
  void badBoundIsRefused() {
    assertThatThrownBy(() -> DetachedCalls.atMost(0)).isInstanceOf(IllegalArgumentException.class);
  }
}
