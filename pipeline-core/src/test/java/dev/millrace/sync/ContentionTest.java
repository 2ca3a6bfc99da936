package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Waits are counted while they last, and after. */
@Timeout(60)
class ContentionTest {

  private final Threads threads = new Threads();
  private final Contention contention = Contention.of("memory");

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  @Test
  void waitersOfASemaphoreAreSeenWhileTheyWait() throws Exception {
    var semaphore = new Semaphore(1);
    contention.waiting(() -> semaphore.acquire(1));
    assertThat(contention.figures().waiters()).isZero();
    assertThat(contention.figures().waits()).isEqualTo(1);
    for (int i = 0; i < 3; i++) {
      var _ =
          threads.start(
              () -> {
                contention.waiting(() -> semaphore.acquire(1));
                semaphore.release();
                return true;
              });
    }
    await().until(() -> contention.figures().waiters() == 3);
    Duration oldest = contention.figures().oldest();
    await().until(() -> contention.figures().oldest().compareTo(oldest.plusMillis(5)) > 0);
    assertThat(contention.figures().longestSoFar()).isGreaterThanOrEqualTo(Duration.ofMillis(5));
    semaphore.release();
    await().until(() -> contention.figures().waits() == 4);
    Contention.Figures figures = contention.figures();
    assertThat(figures.waiters()).isZero();
    assertThat(figures.oldest()).isZero();
    assertThat(figures.longest()).isGreaterThanOrEqualTo(Duration.ofMillis(5));
    assertThat(figures.total()).isGreaterThanOrEqualTo(figures.longest());
    assertThat(figures.givenUp()).isZero();
    assertThat(figures.name()).isEqualTo("memory");
  }

  @Test
  void waitThatIsGivenUpIsCountedAsThat() throws Exception {
    Channel<Integer> full = Channel.rendezvous();
    try (var context = Context.background().withTimeout(Duration.ofMillis(5))) {
      assertThatThrownBy(() -> contention.waiting(() -> full.send(1, context)))
          .isInstanceOf(CancellationException.class);
    }
    Contention.Figures figures = contention.figures();
    assertThat(figures.givenUp()).isEqualTo(1);
    assertThat(figures.waits()).isEqualTo(1);
    assertThat(figures.waiters()).isZero();
    assertThat(figures.longest()).isPositive();
  }

  @Test
  void locksOfTheJdkAndLimitsOfGroupsAreMeasuredToo() throws Exception {
    var lock = new ReentrantLock();
    contention.waiting(lock::lockInterruptibly);
    lock.unlock();
    try (var group = TaskGroup.open(Context.background()).limit(1)) {
      for (int i = 0; i < 3; i++) {
        contention.waiting(
            () -> {
              var _ = group.fork(() -> true);
            });
      }
      group.join();
    }
    assertThat(contention.figures().waits()).isEqualTo(4);
  }
}
