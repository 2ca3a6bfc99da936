package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SemaphoreTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  private Threads.Running<Boolean> acquirer(Semaphore semaphore, long weight, Context context) {
    return threads.start(
        () -> {
          semaphore.acquire(weight, context);
          return true;
        });
  }

  @Test
  void neverMoreThanTheCapacityIsAcquired() throws Exception {
    var semaphore = new Semaphore(5);
    var acquired = new AtomicLong();
    var most = new AtomicLong();
    List<Threads.Running<?>> running = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      running.add(
          threads.start(
              () -> {
                for (int k = 0; k < 2000; k++) {
                  long weight = ThreadLocalRandom.current().nextLong(6);
                  semaphore.acquire(weight);
                  most.accumulateAndGet(acquired.addAndGet(weight), Math::max);
                  Thread.yield();
                  acquired.addAndGet(-weight);
                  semaphore.release(weight);
                }
                return null;
              }));
    }
    for (var one : running) {
      one.get();
    }
    assertThat(most.get()).isBetween(1L, 5L);
    assertThat(semaphore.acquired()).isZero();
  }

  @Test
  void largeAcquireIsNotOvertakenBySmallOnes() throws Exception {
    var semaphore = new Semaphore(3);
    semaphore.acquire(2);
    var large = acquirer(semaphore, 3, Context.background());
    await().until(() -> !semaphore.tryAcquire(1));
    var small = acquirer(semaphore, 1, Context.background());
    semaphore.release(2);
    assertThat(large.get()).isTrue();
    assertThat(small.result().isDone()).isFalse();
    semaphore.release(3);
    assertThat(small.get()).isTrue();
  }

  @Test
  void cancelledWaiterLetsThoseBehindThrough() throws Exception {
    var semaphore = new Semaphore(3);
    semaphore.acquire(2);
    try (var context = Context.background().withCancel()) {
      var large = acquirer(semaphore, 3, context);
      await().until(() -> !semaphore.tryAcquire(1));
      var small = acquirer(semaphore, 1, Context.background());
      context.cancel();
      assertThatThrownBy(large::get).hasCauseInstanceOf(CancellationException.class);
      assertThat(small.get()).isTrue();
      assertThat(semaphore.acquired()).isEqualTo(3);
    }
  }

  /** A queue that is searched for each waiter would be searched 5,000,000,000 places far. */
  @Test
  void hundredThousandWaitersGiveUpInTimeThatGrowsWithTheirNumberOnly() throws Exception {
    int count = 100_000;
    var cancelled = new AtomicInteger();
    var semaphore = new Semaphore(1);
    semaphore.acquire(1);
    try (var context = Context.background().withCancel()) {
      List<Thread> waiting = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        waiting.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        semaphore.acquire(1, context);
                      } catch (CancellationException e) {
                        cancelled.incrementAndGet();
                      } catch (InterruptedException e) {
                        throw new AssertionError(e);
                      }
                    }));
      }
      await().until(() -> semaphore.waiting() == count);
      long start = processorTime();
      context.cancel();
      for (Thread one : waiting) {
        one.join();
      }
      assertThat(Duration.ofNanos(processorTime() - start)).isLessThan(Duration.ofSeconds(20));
    }
    assertThat(cancelled).hasValue(count);
    assertThat(semaphore.waiting()).isZero();
    assertThat(semaphore.acquired()).isOne();
  }

  private static long processorTime() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  @Test
  void interruptedWaiterLetsThoseBehindThrough() throws Exception {
    var semaphore = new Semaphore(1);
    semaphore.acquire(1);
    var first = acquirer(semaphore, 1, Context.background());
    await().until(() -> first.thread().getState() == Thread.State.WAITING);
    first.thread().interrupt();
    assertThatThrownBy(first::get).hasCauseInstanceOf(InterruptedException.class);
    semaphore.release();
    assertThat(semaphore.tryAcquire(1)).isTrue();
  }

  @Test
  void weightBeyondTheCapacityWaitsForItsContextOnlyAndBlocksNobody() throws Exception {
    var semaphore = new Semaphore(2);
    try (var context = Context.background().withTimeout(Duration.ofMillis(50))) {
      var tooLarge = acquirer(semaphore, 3, context);
      for (int i = 0; i < 1000; i++) {
        semaphore.acquire(2);
        semaphore.release(2);
      }
      assertThatThrownBy(tooLarge::get).hasCauseInstanceOf(CancellationException.class);
    }
    assertThatThrownBy(() -> semaphore.acquire(3)).hasMessageContaining("capacity of 2");
  }

  @Test
  void misuseIsRefused() {
    assertThatThrownBy(() -> new Semaphore(0)).isInstanceOf(IllegalArgumentException.class);
    var semaphore = new Semaphore(1);
    assertThatThrownBy(semaphore::release).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> semaphore.acquire(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void cancelledBeforeAcquiresNothing() {
    var semaphore = new Semaphore(1);
    try (var context = Context.background().withCancel()) {
      context.cancel();
      assertThatThrownBy(() -> semaphore.acquire(context))
          .isInstanceOf(CancellationException.class);
      assertThat(semaphore.acquired()).isZero();
    }
  }

  /** Repeated small acquires do not keep a large one waiting for ever. */
  @Test
  void largeAcquireIsNotStarvedByAStreamOfSmallOnes() throws Exception {
    var semaphore = new Semaphore(10);
    var stop = new AtomicBoolean();
    List<Threads.Running<?>> small = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      small.add(
          threads.start(
              () -> {
                while (!stop.get()) {
                  semaphore.acquire(1);
                  Thread.yield();
                  semaphore.release(1);
                }
                return null;
              }));
    }
    await().until(() -> semaphore.acquired() > 5);
    for (int i = 0; i < 100; i++) {
      acquirer(semaphore, 10, Context.background()).get();
      semaphore.release(10);
    }
    stop.set(true);
    for (var one : small) {
      one.get();
    }
    assertThat(semaphore.acquired()).isZero();
  }

  /** A release, a cancellation and an interrupt meet: no weight is lost or created. */
  @Test
  void weightIsKeptWhenWaitersGiveUpWhileTheyAreServed() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var semaphore = new Semaphore(4);
    for (int round = 0; round < 2000; round++) {
      semaphore.acquire(4);
      try (var context = Context.background().withCancel()) {
        var cancelled = holder(semaphore, 1 + random.nextInt(4), context);
        var interrupted = holder(semaphore, 1 + random.nextInt(4), Context.background());
        var patient = holder(semaphore, 1 + random.nextInt(4), Context.background());
        List<Runnable> actions =
            new ArrayList<>(
                List.of(
                    context::cancel,
                    () -> interrupted.thread().interrupt(),
                    () -> semaphore.release(4)));
        Collections.shuffle(actions, random);
        List<Threads.Running<?>> acting = new ArrayList<>();
        actions.forEach(action -> acting.add(threads.start(() -> run(action))));
        patient.get();
        awaitEnd(cancelled);
        awaitEnd(interrupted);
        for (var one : acting) {
          one.get();
        }
      }
      assertThat(semaphore.tryAcquire(4)).as("seed %d, round %d", seed, round).isTrue();
      semaphore.release(4);
    }
  }

  private static boolean run(Runnable action) {
    action.run();
    return true;
  }

  private static void awaitEnd(Threads.Running<?> running) throws InterruptedException {
    assertThat(running.thread().join(Duration.ofSeconds(50))).isTrue();
  }

  /** Acquires and releases. */
  private Threads.Running<Boolean> holder(Semaphore semaphore, long weight, Context context) {
    return threads.start(
        () -> {
          semaphore.acquire(weight, context);
          Thread.yield();
          semaphore.release(weight);
          return true;
        });
  }

  @Test
  void releaseOfMoreThanIsHeldIsRefusedAndChangesNothing() throws Exception {
    var semaphore = new Semaphore(3);
    semaphore.acquire(2);
    assertThatThrownBy(() -> semaphore.release(3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("only 2");
    assertThat(semaphore.acquired()).isEqualTo(2);
    assertThatThrownBy(() -> semaphore.release(-1)).isInstanceOf(IllegalArgumentException.class);
    semaphore.release(2);
  }

  @Test
  void tryAcquireDoesNotOvertakeThoseWhoWait() throws Exception {
    var semaphore = new Semaphore(2);
    semaphore.acquire(1);
    var waiter = acquirer(semaphore, 2, Context.background());
    await().until(() -> waiter.thread().getState() == Thread.State.WAITING);
    assertThat(semaphore.tryAcquire(1)).isFalse();
    assertThat(semaphore.tryAcquire(3)).as("more than there is").isFalse();
    semaphore.release();
    assertThat(waiter.get()).isTrue();
  }

  /**
   * Go's semaphore waits for ever here. Ours waits for the end of the context, if the context can
   * end.
   */
  @Test
  void weightThatCanNeverBeAcquiredIsRefusedIfTheContextCannotEnd() {
    var small = new Semaphore(3);
    assertThatThrownBy(() -> small.acquire(4, Context.background()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("weight of 4")
        .hasMessageContaining("capacity of 3");
    assertThatThrownBy(() -> small.acquire(4)).isInstanceOf(IllegalArgumentException.class);
    var values = Context.background().withValue(Context.Key.of("a"), "b");
    assertThatThrownBy(() -> small.acquire(4, values)).isInstanceOf(IllegalArgumentException.class);
    try (var context = Context.background().withTimeout(Duration.ofMillis(5))) {
      assertThatThrownBy(() -> small.acquire(4, context)).isInstanceOf(CancellationException.class);
    }
    assertThat(small.acquired()).isZero();
  }
}
