package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ChannelLockTest {

  private final Threads threads = new Threads();
  private final ChannelLock lock = new ChannelLock();
  private int plain;

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  @Test
  void onlyOneAtATimeHoldsIt() throws Exception {
    List<Threads.Running<?>> running = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      running.add(
          threads.start(
              () -> {
                for (int k = 0; k < 1000; k++) {
                  try (var held = lock.lock()) {
                    assertThat(held).isNotNull();
                    int before = plain;
                    Thread.yield();
                    plain = before + 1;
                  }
                }
                return null;
              }));
    }
    for (var one : running) {
      one.get();
    }
    assertThat(plain).isEqualTo(16_000);
    assertThat(lock.isLocked()).isFalse();
  }

  @Test
  void tryLockTakesAFreeLockOnly() throws Exception {
    assertThat(lock.tryLock()).isTrue();
    assertThat(lock.isLocked()).isTrue();
    assertThat(lock.tryLock()).isFalse();
    assertThat(lock.tryLock(Duration.ofMillis(5))).isFalse();
    lock.unlock();
    assertThat(lock.isLocked()).isFalse();
    assertThat(lock.tryLock(Duration.ZERO)).isTrue();
  }

  @Test
  void timedTryLockGetsItWhenItIsUnlockedInTime() throws Exception {
    lock.lock();
    var waiter = threads.start(() -> lock.tryLock(Duration.ofSeconds(20)));
    await().until(() -> lock.token().waitingReceivers() == 1);
    lock.unlock();
    assertThat(waiter.get()).isTrue();
    assertThat(lock.isLocked()).isTrue();
  }

  @Test
  void unlockOfAnUnlockedLockIsRefused() throws Exception {
    assertThatThrownBy(lock::unlock)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("not locked");
    lock.lock();
    lock.unlock();
    assertThatThrownBy(lock::unlock).isInstanceOf(IllegalStateException.class);
    assertThat(lock.tryLock()).isTrue();
  }

  /** As AutoCloseable advises: a second close has no effect on later acquisitions. */
  @Test
  void heldThatIsClosedTwiceDoesNotUnlockForAnotherThread() throws Exception {
    ChannelLock.Held first = lock.lock();
    first.close();
    first.close();
    ChannelLock.Held second = lock.lock();
    first.close();
    assertThat(lock.isLocked()).isTrue();
    lock.unlock(); // whatever unlocks it, the acquisition is over
    ChannelLock.Held third = lock.lock();
    second.close();
    assertThat(lock.isLocked()).isTrue();
    third.close();
    assertThat(lock.isLocked()).isFalse();
  }

  @Test
  void heldThatAllThreadsCloseUnlocksOnce() throws Exception {
    for (int round = 0; round < 500; round++) {
      ChannelLock.Held held = lock.lock();
      List<Threads.Running<?>> closers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        closers.add(
            threads.start(
                () -> {
                  held.close();
                  return null;
                }));
      }
      ChannelLock.Held next = lock.lock();
      for (var closer : closers) {
        closer.get();
      }
      assertThat(lock.isLocked()).isTrue();
      next.close();
    }
  }

  @Test
  void waiterThatGivesUpDoesNotKeepTheLock() throws Exception {
    lock.lock();
    try (var context = Context.background().withCancel()) {
      var cancelled = threads.start(() -> lock.lock(context));
      var interrupted = threads.start(() -> lock.lock());
      await().until(() -> lock.token().waitingReceivers() == 2);
      context.cancel();
      interrupted.thread().interrupt();
      assertThatThrownBy(cancelled::get).hasCauseInstanceOf(CancellationException.class);
      assertThatThrownBy(interrupted::get).hasCauseInstanceOf(InterruptedException.class);
      assertThatThrownBy(() -> lock.lock(context)).isInstanceOf(CancellationException.class);
    }
    lock.unlock();
    assertThat(lock.tryLock()).isTrue();
  }

  @Test
  void waitersAreServedFirstComeFirstServed() throws Exception {
    Channel<Integer> order = Channel.unlimited();
    lock.lock();
    for (int i = 0; i < 5; i++) {
      int n = i;
      threads.start(
          () -> {
            try (var held = lock.lock()) {
              assertThat(held).isNotNull();
              order.send(n);
            }
            return null;
          });
      await().until(() -> lock.token().waitingReceivers() == n + 1);
    }
    lock.unlock();
    for (int i = 0; i < 5; i++) {
      assertThat(order.receive()).isEqualTo(i);
    }
  }

  @Test
  void lockIsAClauseOfASelect() throws Exception {
    Channel<String> other = Channel.rendezvous();
    var select =
        new Select<String>()
            .onReceive(other, element -> element)
            .onReceive(
                lock.token(),
                held -> {
                  held.close();
                  return "locked and unlocked";
                });
    assertThat(select.select()).isEqualTo("locked and unlocked");
    lock.lock();
    threads.start(
        () -> {
          other.send("meanwhile");
          return null;
        });
    assertThat(select.select()).isEqualTo("meanwhile");
    lock.unlock();
    assertThat(lock.tryLock()).isTrue();
  }
}
