package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TimerTest {

  private static final Duration LONG = Duration.ofHours(1);

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  @Test
  void firesOnceAndNotBeforeItsTime() throws Exception {
    long start = System.nanoTime();
    try (var timer = Timer.after(Duration.ofMillis(30))) {
      assertThat(timer.fired().tryReceive()).isNull();
      Instant fired = timer.fired().receive();
      assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(30_000_000);
      assertThat(Duration.between(fired, Instant.now())).isLessThan(Duration.ofSeconds(20));
      assertThat(timer.fired().tryReceive(Duration.ofMillis(60))).isNull();
    }
  }

  @Test
  void isAClauseOfASelect() throws Exception {
    try (var timer = Timer.after(Duration.ofMillis(1));
        var other = Timer.after(LONG)) {
      var select =
          new Select<String>()
              .onReceive(timer.fired(), time -> "timer")
              .onReceive(other.fired(), time -> "other");
      assertThat(select.select()).isEqualTo("timer");
    }
  }

  @Test
  void stopSaysWhetherItHasKeptAValueFromBeingReceived() throws Exception {
    try (var timer = Timer.after(LONG)) {
      assertThat(timer.stop()).isTrue();
      assertThat(timer.stop()).isFalse();
      assertThat(timer.reset(Duration.ZERO)).isFalse();
      timer.fired().receive();
      assertThat(timer.stop()).isFalse();
      timer.reset(Duration.ofNanos(-1));
      await().until(() -> timer.fired().size() == 1);
      assertThat(timer.stop()).isTrue();
      assertThat(timer.fired().tryReceive()).isNull();
      timer.reset(LONG);
      assertThat(timer.reset(Duration.ZERO)).isTrue();
      timer.fired().receive();
    }
  }

  /** A timer that has fired unseen and is then reset must not fire at once. */
  @Test
  void resetForgetsAValueThatNobodyHasReceived() throws Exception {
    try (var timer = Timer.after(Duration.ZERO)) {
      await().until(() -> timer.fired().size() == 1);
      assertThat(timer.reset(LONG)).isTrue();
      assertThat(timer.fired().tryReceive(Duration.ofMillis(20))).isNull();
    }
  }

  @Test
  void nothingStaleIsReceivedAfterTenThousandStopsAndResets() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    int received = 0;
    try (var timer = Timer.stopped()) {
      for (int i = 0; i < 10_000; i++) {
        timer.reset(Duration.ofNanos(random.nextInt(100_000)));
        spin(random.nextInt(100_000));
        boolean taken = random.nextBoolean() && timer.fired().tryReceive() != null;
        received += taken ? 1 : 0;
        boolean prevented = random.nextBoolean() ? timer.stop() : timer.reset(LONG);
        assertThat(prevented).as("seed %d, turn %d", seed, i).isEqualTo(!taken);
        assertThat(timer.fired().tryReceive()).as("seed %d, turn %d", seed, i).isNull();
        spin(random.nextInt(20_000));
        assertThat(timer.fired().tryReceive()).as("seed %d, turn %d", seed, i).isNull();
      }
    }
    assertThat(received).as("turns in which it fired").isPositive();
  }

  private static void spin(long nanos) {
    for (long end = System.nanoTime() + nanos; System.nanoTime() < end; ) {
      Thread.onSpinWait();
    }
  }

  /** Each fire is either received or prevented, never both and never neither. */
  @Test
  void stopAndAReceiverAgreeOnWhoGotTheValue() throws Exception {
    Channel<Boolean> answers = Channel.unlimited();
    try (var timer = Timer.stopped()) {
      var ready = new AtomicBoolean();
      threads.start(
          () -> {
            for (Instant time; (time = timer.fired().receiveOrNull()) != null; ) {
              answers.send(ready.get());
            }
            return null;
          });
      for (int i = 0; i < 5_000; i++) {
        ready.set(true);
        timer.reset(Duration.ofNanos(i % 50 * 1000L));
        spin(i % 70 * 1000L);
        if (timer.stop()) {
          assertThat(answers.tryReceive()).isNull();
        } else {
          assertThat(answers.tryReceive(Duration.ofSeconds(20))).isTrue();
        }
        ready.set(false);
      }
    }
  }

  @Test
  void closeEndsTheWaitAndALaterResetIsRefused() throws Exception {
    var timer = Timer.after(LONG);
    var receiver = threads.start(() -> timer.fired().receiveOrNull() == null);
    await().until(() -> timer.fired().waitingReceivers() == 1);
    timer.close();
    timer.close();
    assertThat(receiver.get()).isTrue();
    assertThat(timer.stop()).isFalse();
    assertThatThrownBy(() -> timer.reset(LONG))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void longestDelayNeverComes() {
    try (var timer = Timer.after(Duration.ofSeconds(Long.MAX_VALUE))) {
      assertThat(timer.fired().tryReceive()).isNull();
      assertThat(timer.stop()).isTrue();
    }
  }

  @Test
  void aMillionTimersThatAreSetAndStoppedAreForgotten() {
    long before = usedMemory();
    for (int i = 0; i < 1_000_000; i++) {
      Timer.after(LONG).stop();
    }
    await().until(() -> usedMemory() - before < 20_000_000);
  }

  private static long usedMemory() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void tenThousandTimersNeedNoThreadsOfTheirOwn() throws Exception {
    var timers = new Timer[10_000];
    for (int i = 0; i < timers.length; i++) {
      timers[i] = Timer.after(Duration.ofMillis(i % 100));
    }
    long named =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("millrace-timers"))
            .peek(thread -> assertThat(thread.isDaemon()).isTrue())
            .count();
    assertThat(named).isLessThanOrEqualTo(4);
    for (Timer timer : timers) {
      timer.fired().receive();
    }
  }

  @Test
  void busyCommonPoolDoesNotMakeTimersLate() throws Exception {
    var release = new CountDownLatch(1);
    try (var timer = Timer.stopped()) {
      for (int i = 0; i < 100; i++) {
        ForkJoinPool.commonPool().execute(() -> awaitForALongTime(release));
      }
      timer.reset(Duration.ofMillis(1));
      assertThat(timer.fired().tryReceive(Duration.ofSeconds(10))).isNotNull();
    } finally {
      release.countDown();
    }
  }

  private static void awaitForALongTime(CountDownLatch latch) {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new AssertionError("not released");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
