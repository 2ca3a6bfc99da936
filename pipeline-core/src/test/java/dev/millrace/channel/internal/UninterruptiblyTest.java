package dev.millrace.channel.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class UninterruptiblyTest {

  private final CountDownLatch latch = new CountDownLatch(1);
  private final CompletableFuture<Boolean> flagAfterwards = new CompletableFuture<>();

  private Thread start(Runnable wait) {
    return Thread.ofPlatform()
        .start(
            () -> {
              wait.run();
              flagAfterwards.complete(Thread.currentThread().isInterrupted());
            });
  }

  private void interruptTwice(Thread thread) {
    for (int i = 0; i < 2; i++) {
      thread.interrupt();
      await().until(() -> !thread.isInterrupted()); // the wait has seen it
    }
    assertThat(flagAfterwards).isNotDone();
    latch.countDown();
    assertThat(flagAfterwards.join()).isTrue();
  }

  @Test
  void interruptDoesNotEndTheWaitAndIsKept() {
    interruptTwice(start(() -> Uninterruptibly.await(latch::await)));
  }

  @Test
  void interruptDoesNotEndTheWaitWithADeadlineAndIsKept() {
    long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    interruptTwice(
        start(() -> assertThat(Uninterruptibly.awaitUntil(deadline, this::isDown)).isTrue()));
  }

  @Test
  void waitEndsAtTheDeadlineAndKeepsTheInterrupt() {
    Thread.currentThread().interrupt();
    assertThat(Uninterruptibly.awaitUntil(System.nanoTime() + 1_000_000, this::isDown)).isFalse();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void whatHasEndedBeforeThePastDeadlineHasEnded() {
    latch.countDown();
    assertThat(Uninterruptibly.awaitUntil(System.nanoTime() - 1, this::isDown)).isTrue();
    assertThat(Thread.interrupted()).isFalse();
  }

  private boolean isDown(Duration left) throws InterruptedException {
    return latch.await(left.toNanos(), TimeUnit.NANOSECONDS);
  }
}
