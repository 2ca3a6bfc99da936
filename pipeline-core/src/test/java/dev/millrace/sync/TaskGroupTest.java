package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.errors.Note;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class TaskGroupTest {

  @Test
  void resultsAreThereAfterJoin() throws Exception {
    try (var group = TaskGroup.open(Context.background())) {
      List<Task<Integer>> tasks = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        int n = i;
        tasks.add(group.fork(() -> n * n));
      }
      group.join();
      for (int i = 0; i < 100; i++) {
        assertThat(tasks.get(i).get()).isEqualTo(i * i);
      }
    }
  }

  @Test
  void firstFailureCancelsTheOthersAndIsThrown() throws Exception {
    var failure = new IOException("first");
    try (var group = TaskGroup.open(Context.background())) {
      var waiting =
          group.fork(
              () -> {
                new CountDownLatch(1).await();
                return "never";
              });
      group.fork(
          () -> {
            throw failure;
          });
      assertThatThrownBy(group::join).isInstanceOf(ExecutionException.class).hasCause(failure);
      assertThat(waiting.state()).isEqualTo(Task.State.FAILED);
      assertThat(waiting.failure()).isInstanceOf(InterruptedException.class);
      assertThat(group.context().cause()).isSameAs(failure);
      assertThat(group.fork(() -> "late").state()).isEqualTo(Task.State.CANCELLED);
    }
  }

  @Test
  void errorsOfATaskReachTheCallerWithTheSiteOfTheFork() throws Exception {
    try (var group = TaskGroup.open(Context.background())) {
      group.fork(
          () -> {
            throw new StackOverflowError("deep");
          });
      assertThatThrownBy(group::join)
          .hasCauseInstanceOf(StackOverflowError.class)
          .satisfies(
              thrown -> {
                assertThat(Arrays.stream(thrown.getSuppressed()[0].getStackTrace()))
                    .anyMatch(frame -> frame.getMethodName().startsWith("errorsOfATask"));
                assertThat(thrown.getCause()).hasNoSuppressedExceptions();
              });
    }
  }

  @Test
  void collectingGroupRunsAllAndReportsAll() throws Exception {
    var ran = new AtomicInteger();
    try (var group = TaskGroup.collecting(Context.background())) {
      for (int i = 0; i < 10; i++) {
        int n = i;
        group.fork(
            () -> {
              ran.incrementAndGet();
              if (n % 2 == 0) {
                throw new IOException("task " + n);
              }
              return n;
            });
      }
      assertThatThrownBy(group::join)
          .isInstanceOf(ExecutionException.class)
          .satisfies(
              e -> {
                assertThat(e.getSuppressed()[0]).as("site").isInstanceOf(Note.class);
                assertThat(e.getSuppressed()).as("site, and the others").hasSize(5);
                assertThat(e.getSuppressed()[4]).hasCauseInstanceOf(IOException.class);
              });
    }
    assertThat(ran).hasValue(10);
  }

  @Test
  void limitBoundsTheTasksThatRun() throws Exception {
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    try (var group = TaskGroup.open(Context.background()).limit(3)) {
      for (int i = 0; i < 200; i++) {
        group.fork(
            () -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              Thread.yield();
              return running.decrementAndGet();
            });
      }
      group.join();
    }
    assertThat(most.get()).isBetween(1, 3);
  }

  @Test
  @SuppressWarnings("NullAway") // null while there is no place
  void tryForkDoesNotWaitForTheLimit() throws Exception {
    Channel<String> gate = Channel.rendezvous();
    try (var group = TaskGroup.open(Context.background()).limit(1)) {
      assertThat(group.tryFork(gate::receive)).isNotNull();
      assertThat(group.tryFork(gate::receive)).isNull();
      gate.send("go");
      var next = new AtomicReference<Task<String>>();
      await()
          .until(
              () -> {
                next.set(group.tryFork(() -> "next"));
                return next.get() != null;
              });
      group.join();
      assertThat(next.get().get()).isEqualTo("next");
    }
    assertThatThrownBy(() -> TaskGroup.open(Context.background()).limit(0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void noTaskIsAliveAfterTheBlock() throws Exception {
    var alive = new AtomicInteger();
    var started = new CountDownLatch(20);
    TaskGroup left;
    try (var group = TaskGroup.open(Context.background())) {
      left = group;
      for (int i = 0; i < 20; i++) {
        group.fork(
            () -> {
              alive.incrementAndGet();
              started.countDown();
              try {
                return new CountDownLatch(1).getCount() + Channel.<Long>rendezvous().receive();
              } finally {
                Thread.yield();
                alive.decrementAndGet();
              }
            });
      }
      started.await();
    }
    assertThat(alive).hasValue(0);
    assertThatThrownBy(() -> left.fork(() -> 1)).isInstanceOf(IllegalStateException.class);
    left.close();
  }

  @Test
  void cancelledParentInterruptsTheTasksAndIsTheCause() throws Exception {
    var cause = new IOException("stop");
    try (var parent = Context.background().withCancel();
        var group = TaskGroup.open(parent)) {
      var task = group.fork(() -> Channel.<String>rendezvous().receive());
      parent.cancel(cause);
      assertThatThrownBy(group::join).isInstanceOf(CancellationException.class).hasCause(cause);
      assertThat(task.failure()).isInstanceOf(InterruptedException.class);
    }
  }

  @Test
  void contextOfTheGroupIsCurrentInItsTasks() throws Exception {
    try (var group = TaskGroup.open(Context.background())) {
      var seen = group.fork(Context::current);
      group.join();
      assertThat(seen.get()).isSameAs(group.context());
    }
  }

  @Test
  void tasksForkTasks() throws Exception {
    var leaves = new AtomicInteger();
    try (var group = TaskGroup.open(Context.background())) {
      group.fork(() -> tree(group, 10, leaves));
      group.join();
      assertThat(leaves).hasValue(1024);
    }
  }

  private static int tree(TaskGroup group, int depth, AtomicInteger leaves)
      throws InterruptedException {
    if (depth == 0) {
      return leaves.incrementAndGet();
    }
    group.fork(() -> tree(group, depth - 1, leaves));
    group.fork(() -> tree(group, depth - 1, leaves));
    return depth;
  }

  @Test
  void closeWaitsForATaskThatIgnoresInterruptsAndKeepsTheOwnersInterrupt() throws Exception {
    var release = new AtomicBoolean();
    var ended = new AtomicBoolean();
    Thread owner =
        Thread.ofVirtual()
            .start(
                () -> {
                  try (var group = TaskGroup.open(Context.background())) {
                    group.fork(
                        () -> {
                          while (!release.get()) {
                            Thread.onSpinWait();
                            Thread.yield();
                          }
                          ended.set(true);
                          return null;
                        });
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                  assertThat(ended).isTrue();
                  assertThat(Thread.currentThread().isInterrupted()).isTrue();
                  ended.set(false);
                });
    await().until(() -> owner.getState() == Thread.State.WAITING);
    owner.interrupt();
    release.set(true);
    owner.join();
    assertThat(ended).isFalse();
  }

  @Test
  void taskWithoutResultSaysSo() throws Exception {
    Channel<String> gate = Channel.rendezvous();
    try (var group = TaskGroup.open(Context.background())) {
      var task = group.fork(gate::receive);
      assertThatThrownBy(task::get)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("RUNNING");
      gate.send("done");
      group.join();
      assertThat(task.state()).isEqualTo(Task.State.SUCCEEDED);
    }
  }

  /** Of many failures one is the cause: the failure that cancelled the context. */
  @Test
  void racingFailuresAgreeOnTheFirst() throws Exception {
    for (int round = 0; round < 500; round++) {
      try (var group = TaskGroup.open(Context.background())) {
        for (int i = 0; i < 8; i++) {
          int n = i;
          group.fork(
              () -> {
                throw new IOException("task " + n);
              });
        }
        var thrown = catchThrowableOfType(ExecutionException.class, group::join);
        assertThat(thrown.getCause()).isSameAs(group.context().cause());
      }
    }
  }

  @Test
  void groupWithoutTasksAndWithoutFailuresJoinsAtOnceAndAgain() throws Exception {
    try (var group = TaskGroup.open(Context.background())) {
      group.join();
      group.join();
      assertThat(group.context().isCancelled()).isFalse();
    }
  }

  @Test
  void contextIsCancelledAfterTheBlockThoughNothingFailed() throws Exception {
    Context context;
    try (var group = TaskGroup.open(Context.background())) {
      context = group.context();
      group.fork(() -> "a");
      group.join();
    }
    assertThat(context.isCancelled()).isTrue();
  }

  @Test
  void failureSetsAForkFreeThatWaitsForTheLimit() throws Exception {
    Channel<String> gate = Channel.rendezvous();
    try (var group = TaskGroup.open(Context.background()).limit(1)) {
      group.fork(
          () -> {
            gate.receive();
            throw new IOException("full");
          });
      Thread forker = Thread.currentThread();
      Thread.ofVirtual()
          .start(
              () -> {
                await().until(() -> forker.getState() == Thread.State.WAITING);
                gate.trySend("go");
              });
      assertThat(group.fork(() -> "late").state()).isEqualTo(Task.State.CANCELLED);
      assertThatThrownBy(group::join).hasRootCauseMessage("full");
    }
  }

  /** A given cause is not lost. */
  @Test
  void causeGivenToCancelIsWhatTheTasksSeeAndWhatJoinReports() throws Exception {
    var cause = new IOException("stop");
    try (var group = TaskGroup.open(Context.background())) {
      var task =
          group.fork(
              () -> {
                try {
                  return Channel.<Throwable>rendezvous().receive(Context.current());
                } catch (CancellationException e) {
                  return e.getCause();
                } catch (InterruptedException e) {
                  return Context.current().cause();
                }
              });
      group.cancel(cause);
      assertThatThrownBy(group::join).isInstanceOf(CancellationException.class).hasCause(cause);
      assertThat(task.get()).isSameAs(cause);
      assertThat(group.context().cause()).isSameAs(cause);
    }
  }
}
