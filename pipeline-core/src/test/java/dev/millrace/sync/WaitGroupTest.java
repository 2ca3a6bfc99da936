package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import dev.millrace.errors.Note;
import dev.millrace.errors.NotedException;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WaitGroupTest {

  private static final Context.Key<String> USER = Context.Key.of("user");

  private final Threads threads = new Threads();
  private final WaitGroup group = new WaitGroup();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  private Threads.Running<Boolean> waiter() {
    var waiter =
        threads.start(
            () -> {
              group.await();
              return true;
            });
    await().until(() -> waiter.thread().getState() == Thread.State.WAITING);
    return waiter;
  }

  @Test
  void emptyGroupIsNotWaitedFor() throws Exception {
    group.await();
    assertThat(group.await(Duration.ZERO)).isTrue();
    assertThat(group.awaitFailures()).isEmpty();
  }

  @Test
  void awaitReturnsWhenTheLastOneIsDone() throws Exception {
    group.add(3);
    var one = waiter();
    var two = waiter();
    group.done();
    group.add(-1);
    assertThat(one.result().isDone() || two.result().isDone()).isFalse();
    assertThat(group.count()).isEqualTo(1);
    group.done();
    assertThat(one.get() && two.get()).isTrue();
  }

  @Test
  void negativeCountIsRefusedAndChangesNothing() throws Exception {
    assertThatThrownBy(group::done)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("done() without an add()");
    group.add(1);
    assertThatThrownBy(() -> group.add(-2)).isInstanceOf(IllegalStateException.class);
    assertThat(group.count()).isEqualTo(1);
    group.add(Integer.MAX_VALUE - 1);
    assertThatThrownBy(() -> group.add(1)).isInstanceOf(ArithmeticException.class);
    group.add(-Integer.MAX_VALUE);
    group.await();
  }

  @Test
  void canBeUsedAgain() throws Exception {
    for (int round = 0; round < 1000; round++) {
      var ran = new AtomicInteger();
      for (int i = 0; i < 5; i++) {
        group.go(ran::incrementAndGet);
      }
      group.await();
      assertThat(ran).hasValue(5);
    }
  }

  @Test
  void whatTasksDidIsSeenAfterTheAwait() throws Exception {
    int[] plain = new int[100];
    for (int i = 0; i < plain.length; i++) {
      int n = i;
      group.go(
          () -> {
            plain[n] = n;
          });
    }
    group.await();
    for (int i = 0; i < plain.length; i++) {
      assertThat(plain[i]).isEqualTo(i);
    }
  }

  @Test
  void failuresAreThrownWithTheSiteWhereTheirTaskWasStarted() {
    group.go(
        () -> {
          throw new StackOverflowError("deep");
        });
    assertThatThrownBy(group::await)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(StackOverflowError.class)
        .satisfies(
            thrown -> {
              assertThat(Arrays.stream(thrown.getSuppressed()[0].getStackTrace()))
                  .anyMatch(frame -> frame.getMethodName().startsWith("failuresAreThrown"));
              assertThat(thrown.getCause()).hasNoSuppressedExceptions();
            });
  }

  @Test
  void oneFailureDoesNotStopTheOthersAndAllAreReported() throws Exception {
    Channel<String> gate = Channel.rendezvous();
    var received = new AtomicReference<String>();
    group.go(() -> received.set(gate.receive()));
    group.go(
        () -> {
          throw new IOException("a");
        });
    await().until(() -> group.count() == 1);
    group.go(
        () -> {
          throw new IOException("b");
        });
    await().until(() -> group.count() == 1);
    gate.send("go");
    assertThatThrownBy(group::await)
        .satisfies(e -> assertThat(e.getCause()).hasMessage("a"))
        .satisfies(e -> assertThat(e.getSuppressed()[0]).isInstanceOf(Note.class))
        .satisfies(e -> assertThat(e.getSuppressed()[1].getCause()).hasMessage("b"));
    assertThat(received).hasValue("go");
  }

  /** Tasks may be so quick that the count is zero between two of them. */
  @Test
  void failureOfATaskThatEndedBeforeTheNextBeganIsNotLost() throws Exception {
    for (int i = 0; i < 3; i++) {
      int n = i;
      group.go(
          () -> {
            throw new IOException("task " + n);
          });
      await().until(() -> group.count() == 0);
    }
    assertThat(group.awaitFailures())
        .extracting(failure -> NotedException.bare(failure).getMessage())
        .containsExactly("task 0", "task 1", "task 2");
  }

  @Test
  void failuresAreReportedToAllWhoWaitAndForgottenWithTheNextUse() throws Exception {
    Channel<String> gate = Channel.rendezvous();
    group.go(
        () -> {
          gate.receive();
          throw new IOException("once");
        });
    var one = waiter();
    var two = waiter();
    gate.send("go");
    assertThatThrownBy(one::get).hasStackTraceContaining("once");
    assertThatThrownBy(two::get).hasStackTraceContaining("once");
    group.go(() -> {});
    assertThat(group.awaitFailures()).isEmpty();
  }

  @Test
  void awaitGivesUpInTimeAndWhenItIsCancelledOrInterrupted() throws Exception {
    group.add(1);
    assertThat(group.await(Duration.ofMillis(5))).isFalse();
    try (var context = Context.background().withTimeout(Duration.ofMillis(5))) {
      assertThatThrownBy(() -> group.await(context)).isInstanceOf(CancellationException.class);
      assertThatThrownBy(() -> group.awaitFailures(context))
          .isInstanceOf(CancellationException.class);
    }
    var waiter = waiter();
    waiter.thread().interrupt();
    assertThatThrownBy(waiter::get).hasCauseInstanceOf(InterruptedException.class);
    group.done();
    assertThat(group.await(Duration.ofSeconds(20))).isTrue();
  }

  @Test
  void timedAwaitReportsFailuresAsWell() {
    group.go(
        () -> {
          throw new IOException("late");
        });
    assertThatThrownBy(() -> group.await(Duration.ofSeconds(20)))
        .isInstanceOf(ExecutionException.class);
  }

  @Test
  void tasksRunInTheContextOfTheirCaller() throws Exception {
    var seen = new AtomicReference<String>();
    Context.background()
        .withValue(USER, "ann")
        .run(() -> group.go(() -> seen.set(String.valueOf(Context.current().value(USER)))));
    group.await();
    assertThat(seen).hasValue("ann");
  }

  @Test
  void tasksMayStartTasks() throws Exception {
    var leaves = new AtomicInteger();
    tree(10, leaves);
    group.await();
    assertThat(leaves).hasValue(1024);
  }

  private void tree(int depth, AtomicInteger leaves) {
    if (depth == 0) {
      leaves.incrementAndGet();
    } else {
      group.go(() -> tree(depth - 1, leaves));
      group.go(() -> tree(depth - 1, leaves));
    }
  }

  /** Apache Kafka's clients throw such constants. */
  @SuppressWarnings("StaticAssignmentOfThrowable")
  private static final IOException SHARED = new IOException("shared");

  @Test
  void sharedExceptionOfAThousandTasksStaysAsItIs() throws Exception {
    for (int i = 0; i < 1_000; i++) {
      group.go(
          () -> {
            throw SHARED;
          });
    }
    assertThat(group.awaitFailures())
        .hasSize(1_000)
        .allSatisfy(
            failure -> {
              assertThat(failure).hasCause(SHARED);
              assertThat(failure.getSuppressed()).as("its own site").hasSize(1);
            });
    assertThat(SHARED.getSuppressed()).isEmpty();
  }

  @Test
  void atMostAThousandFailuresAreKeptAndTheRestIsCounted() {
    for (int i = 0; i < 1_200; i++) {
      group.go(
          () -> {
            throw SHARED;
          });
    }
    assertThatThrownBy(group::await)
        .hasMessageContaining("1200 tasks failed")
        .hasMessageContaining("200 of the failures were not kept");
  }

  @Test
  void failuresThatWereReportedAreKeptNoLonger() throws Exception {
    List<WeakReference<Throwable>> failures = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      group.go(
          () -> {
            throw new IOException("gone");
          });
    }
    group.awaitFailures().forEach(failure -> failures.add(new WeakReference<>(failure)));
    await()
        .until(
            () -> {
              System.gc();
              return failures.stream().allMatch(failure -> failure.get() == null);
            });
    group.await();
  }

  @Test
  void handlerGetsEveryFailureAndTheGroupKeepsNone() throws Exception {
    List<NotedException> told = Collections.synchronizedList(new ArrayList<>());
    var handled = new WaitGroup(told::add);
    for (int i = 0; i < 100; i++) {
      handled.go(
          () -> {
            throw SHARED;
          });
    }
    assertThat(handled.awaitFailures()).isEmpty();
    assertThat(told).hasSize(100).allSatisfy(failure -> assertThat(failure.notes()).hasSize(1));
  }

  @Test
  void handlerThatThrowsIsReportedWithTheFailureItWasGiven() throws Exception {
    var broken = new IllegalStateException("of the handler");
    var handled =
        new WaitGroup(
            failure -> {
              throw broken;
            });
    handled.go(
        () -> {
          throw SHARED;
        });
    assertThat(handled.awaitFailures())
        .singleElement()
        .satisfies(
            failure -> {
              assertThat(failure).hasCause(broken);
              assertThat(failure.getSuppressed()[0]).hasCause(SHARED);
            });
  }

  @Test
  void awaitByATaskOfTheGroupIsRefused() throws Exception {
    var told = new AtomicReference<Throwable>();
    group.go(() -> told.set(catchThrowable(group::await)));
    group.await();
    assertThat(told.get())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("wait for its own caller");
    group.go(() -> told.set(catchThrowable(() -> group.await(Duration.ofHours(1)))));
    group.await();
    assertThat(told.get()).isInstanceOf(IllegalStateException.class);
    group.go(
        () -> {
          try (var inner = TaskGroup.open(Context.background())) {
            inner.fork(
                () -> {
                  told.set(catchThrowable(group::awaitFailures));
                  return null;
                });
            inner.join();
          }
        });
    group.await();
    assertThat(told.get()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void manyCountersAndWaitersAgree() throws Exception {
    for (int round = 0; round < 200; round++) {
      int n = 20;
      group.add(n);
      var done = new AtomicInteger();
      List<Threads.Running<Integer>> waiters = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        waiters.add(
            threads.start(
                () -> {
                  group.await();
                  return done.get();
                }));
      }
      for (int i = 0; i < n; i++) {
        threads.start(
            () -> {
              done.incrementAndGet();
              group.done();
              return null;
            });
      }
      for (var waiter : waiters) {
        assertThat(waiter.get()).isEqualTo(n);
      }
    }
  }
}
