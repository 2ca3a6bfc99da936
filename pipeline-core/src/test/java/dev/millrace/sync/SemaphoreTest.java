package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
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
}
