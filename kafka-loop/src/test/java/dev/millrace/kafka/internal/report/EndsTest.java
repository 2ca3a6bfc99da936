package dev.millrace.kafka.internal.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Deadlines use {@link System#nanoTime}, so no change of the wall clock moves them. */
class EndsTest {

  private static long in(Duration time) {
    return System.nanoTime() + time.toNanos();
  }

  @Test
  void joinEndsAtTheDeadlineWithoutTheThread() throws Exception {
    var release = new CountDownLatch(1);
    Thread thread = Thread.ofVirtual().start(() -> await(release));
    assertThat(Ends.join(thread, in(Duration.ofMillis(20)))).isFalse();
    assertThat(Ends.join(thread, in(Duration.ofHours(-1)))).isFalse();
    release.countDown();
    assertThat(Ends.join(thread, in(Duration.ofMinutes(1)))).isTrue();
    assertThat(Ends.join(thread, in(Duration.ofHours(-1)))).isTrue();
    assertThat(Ends.join(null, in(Duration.ofHours(-1)))).isTrue();
  }

  @Test
  void interruptIsKeptAndShortensNoJoin() {
    Thread thread = Thread.ofVirtual().start(() -> await(new CountDownLatch(1)));
    long deadline = in(Duration.ofMillis(50));
    Thread.currentThread().interrupt();
    assertThat(Ends.join(thread, deadline)).isFalse();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(Time.left(deadline)).isZero();
    thread.interrupt();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) { // the end of the test
      Thread.currentThread().interrupt();
    }
  }
}
