package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The numbers of waiting threads, for monitoring. */
class WaitersTest {

  private static Thread start(Callable<?> call) {
    return Thread.ofVirtual()
        .start(
            () -> {
              try {
                call.call();
              } catch (Exception e) {
                // interrupted: it has waited
              }
            });
  }

  private static void await(Callable<Integer> count, int expected) {
    Awaitility.await().until(() -> count.call() == expected);
  }

  @Test
  void waitersOfASemaphoreAreCounted() throws Exception {
    var semaphore = new Semaphore(1);
    semaphore.acquire(1);
    Callable<Object> acquire =
        () -> {
          semaphore.acquire(1);
          return true;
        };
    Thread one = start(acquire);
    Thread other = start(acquire);
    await(semaphore::waiting, 2);
    one.interrupt();
    await(semaphore::waiting, 1);
    semaphore.release(1);
    one.join();
    other.join();
    assertThat(semaphore.waiting()).isZero();
  }

  @Test
  void waitersOfALockAreCounted() throws Exception {
    var lock = new ChannelLock();
    var held = lock.lock();
    Thread waiter = start(lock::lock);
    await(lock::waiting, 1);
    held.close();
    waiter.join();
    assertThat(lock.waiting()).isZero();
  }

  @Test
  void forkersOfAGroupAreCounted() throws Exception {
    var goOn = new CountDownLatch(1);
    try (var group = TaskGroup.open(Context.background()).limit(1)) {
      Callable<Boolean> task =
          () -> {
            goOn.await();
            return true;
          };
      group.fork(task);
      Thread forker = start(() -> group.fork(task));
      await(group::waiting, 1);
      goOn.countDown();
      forker.join();
      assertThat(group.waiting()).isZero();
    }
  }
}
