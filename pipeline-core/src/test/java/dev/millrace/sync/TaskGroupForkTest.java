package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A fork runs its function, or says that it does not; and a fork never waits for itself. */
@Timeout(60)
class TaskGroupForkTest {

  private final Threads threads = new Threads();
  private final Channel<String> gate = Channel.rendezvous();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  @Test
  void forkAfterJoinIsRefused() throws Exception {
    try (var group = TaskGroup.open(Context.background())) {
      group.fork(() -> "a");
      group.join();
      assertThatThrownBy(() -> group.fork(() -> "b"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("has been joined")
          .hasMessageContaining("open a new group");
      assertThatThrownBy(() -> group.tryFork(() -> "b")).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void forkOfAClosedGroupIsRefusedThoughItIsCancelledToo() throws Exception {
    var group = TaskGroup.open(Context.background()).limit(1);
    group.fork(gate::receive);
    var waiting = threads.start(() -> group.fork(() -> "late"));
    await().until(() -> waiting.thread().getState() == Thread.State.WAITING);
    group.close();
    assertThatThrownBy(waiting::get).hasRootCauseInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> group.fork(() -> "late"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void interruptedJoinDoesNotRefuseLaterForks() throws Exception {
    try (var group = TaskGroup.open(Context.background())) {
      group.fork(gate::receive);
      Thread.currentThread().interrupt();
      assertThatThrownBy(group::join).isInstanceOf(InterruptedException.class);
      Task<String> later = group.fork(() -> "later");
      gate.send("go");
      group.join();
      assertThat(later.get()).isEqualTo("later");
    }
  }

  /** Exactly one of the function and its replacement runs, whatever happens. */
  @Test
  void resourceOfAForkIsReleasedOnceWhetherItsFunctionRunsOrNot() throws Exception {
    for (int round = 0; round < 200; round++) {
      var taken = new AtomicInteger();
      var releases = new AtomicInteger();
      int n = round;
      assertThatThrownBy(
              () -> {
                try (var group = TaskGroup.open(Context.background()).limit(1 + n % 3)) {
                  for (int i = 0; i < 20; i++) {
                    int task = i;
                    taken.incrementAndGet();
                    group.fork(
                        () -> {
                          try {
                            if (task == n % 20) {
                              throw new IOException("task " + task);
                            }
                            return task;
                          } finally {
                            releases.incrementAndGet();
                          }
                        },
                        releases::incrementAndGet);
                  }
                  group.join();
                }
              })
          .as("whatever the forks saw, it is join that tells the failure")
          .isInstanceOf(ExecutionException.class);
      assertThat(releases).hasValue(taken.get());
    }
  }

  @Test
  void resourceOfAForkThatThrowsIsReleased() throws Exception {
    var releases = new AtomicInteger();
    try (var group = TaskGroup.open(Context.background()).limit(1)) {
      group.fork(gate::receive);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> group.fork(() -> "a", releases::incrementAndGet))
          .isInstanceOf(InterruptedException.class);
      gate.send("go");
      group.join();
      assertThatThrownBy(() -> group.fork(() -> "b", releases::incrementAndGet))
          .isInstanceOf(IllegalStateException.class);
    }
    assertThat(releases).hasValue(2);
  }

  /** In Go, the {@code Go} of an errgroup with {@code SetLimit(1)} waits for ever here. */
  @Test
  void forkAtTheLimitByTheOnlyTaskIsRefused() throws Exception {
    try (var group = TaskGroup.open(Context.background()).limit(1)) {
      var outer = group.fork(() -> group.fork(() -> "inner").get());
      assertThatThrownBy(group::join)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("none would ever end")
          .hasMessageContaining("tryFork");
      assertThat(outer.state()).isEqualTo(Task.State.FAILED);
    }
  }

  @Test
  void oneOfTheTasksThatAllWaitForEachOthersPlacesIsRefusedAndTheOthersGoOn() throws Exception {
    var running = new CountDownLatch(3);
    var refused = new AtomicInteger();
    var inner = new AtomicInteger();
    try (var group = TaskGroup.collecting(Context.background()).limit(3)) {
      for (int i = 0; i < 3; i++) {
        group.fork(
            () -> {
              running.countDown();
              running.await();
              try {
                group.fork(inner::incrementAndGet);
              } catch (IllegalStateException e) {
                refused.incrementAndGet();
              }
              return null;
            });
      }
      group.join();
    }
    assertThat(refused.get()).isBetween(1, 3);
    assertThat(inner.get() + refused.get()).isEqualTo(3);
  }

  /** A task may fork more tasks than the limit has places, as long as others make progress. */
  @Test
  void taskForksManyMoreTasksThanTheLimitHasPlaces() throws Exception {
    var leaves = new AtomicInteger();
    try (var group = TaskGroup.open(Context.background()).limit(2)) {
      group.fork(
          () -> {
            for (int i = 0; i < 100; i++) {
              group.fork(
                  () -> {
                    Thread.yield();
                    return leaves.incrementAndGet();
                  });
            }
            return null;
          });
      group.join();
    }
    assertThat(leaves).hasValue(100);
  }

  @Test
  void limitThatIsLoweredUnderTasksThatForkDoesNotHang() throws Exception {
    try (var group = TaskGroup.collecting(Context.background()).limit(2)) {
      group.fork(
          () -> {
            gate.receive();
            return null;
          });
      var second = group.fork(() -> group.fork(() -> "inner"));
      await().until(() -> second.state() == Task.State.RUNNING);
      group.limit(1);
      gate.send("end");
      assertThatThrownBy(group::join).hasCauseInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void forksAtTheLimitAreServedFirstComeFirstServed() throws Exception {
    Channel<Integer> order = Channel.unlimited();
    try (var group = TaskGroup.open(Context.background()).limit(1)) {
      group.fork(gate::receive);
      for (int i = 0; i < 5; i++) {
        int n = i;
        var forker =
            threads.start(
                () ->
                    group.fork(
                        () -> {
                          order.send(n);
                          return n;
                        }));
        await().until(() -> forker.thread().getState() == Thread.State.WAITING);
      }
      gate.send("go");
      for (int i = 0; i < 5; i++) {
        assertThat(order.receive()).isEqualTo(i);
      }
    }
  }

  @Test
  void forkThatGivesUpLetsTheNextOneThrough() throws Exception {
    try (var group = TaskGroup.open(Context.background()).limit(1)) {
      group.fork(gate::receive);
      var first = threads.start(() -> group.fork(() -> "first"));
      await().until(() -> first.thread().getState() == Thread.State.WAITING);
      var second = threads.start(() -> group.fork(() -> "second"));
      await().until(() -> second.thread().getState() == Thread.State.WAITING);
      first.thread().interrupt();
      assertThatThrownBy(first::get).hasCauseInstanceOf(InterruptedException.class);
      gate.send("go");
      second.get();
      group.join();
    }
  }

  /** Each end of a task wakes one thread that waits in a fork, not all of them. */
  @Test
  void endOfATaskWakesOneForker() throws Exception {
    int forkers = 12_000;
    long start;
    try (var group = TaskGroup.open(Context.background()).limit(1)) {
      group.fork(gate::receive);
      List<Thread> waiting = new ArrayList<>();
      for (int i = 0; i < forkers; i++) {
        waiting.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        group.fork(() -> 1);
                      } catch (InterruptedException e) {
                        throw new AssertionError(e);
                      }
                    }));
      }
      await().until(() -> waiting.stream().allMatch(one -> one.getState() == Thread.State.WAITING));
      start = processorTime();
      gate.send("go");
      for (Thread one : waiting) {
        one.join();
      }
      group.join();
    }
    // Waking all of them at each end would be 72 million wake-ups.
    assertThat(Duration.ofNanos(processorTime() - start)).isLessThan(Duration.ofSeconds(4));
  }

  private static long processorTime() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
