package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.internal.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TickerTest {

  private static final Duration LONG = Duration.ofHours(1);

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  @Test
  void ticksNeverComeBeforeTheirTimeAndDoNotDrift() throws Exception {
    long period = 5_000_000;
    long start = System.nanoTime();
    try (var ticker = Ticker.every(Duration.ofNanos(period))) {
      for (int i = 1; i <= 20; i++) {
        ticker.ticks().receive();
        assertThat(System.nanoTime() - start).as("tick %d", i).isGreaterThanOrEqualTo(i * period);
      }
    }
  }

  /**
   * Each tick comes a little late. If a late tick moved the next ones, the phase would wander
   * through the whole period, and its median would be half a period.
   */
  @Test
  void latenessOfATickDoesNotMoveThoseThatFollow() throws Exception {
    long period = 2_000_000;
    var phases = new long[300];
    long median = period;
    for (int round = 0; round < 20 && median > period / 3; round++) { // the machine may be busy
      long start = System.nanoTime();
      try (var ticker = Ticker.every(Duration.ofNanos(period))) {
        for (int i = 0; i < phases.length; i++) {
          ticker.ticks().receive();
          phases[i] = (System.nanoTime() - start) % period;
        }
      }
      Arrays.sort(phases);
      median = phases[phases.length / 2];
    }
    assertThat(median).isLessThanOrEqualTo(period / 3);
  }

  @Test
  void ticksThatWereMissedAreNotMadeUpFor() throws Exception {
    Duration period = Duration.ofMillis(20);
    var blocked = new CountDownLatch(1);
    try (var ticker = Ticker.every(period)) {
      var blocker =
          Timers.schedule(
              () -> {
                blocked.countDown();
                LockSupport.parkNanos(period.multipliedBy(13).dividedBy(2).toNanos());
              },
              0);
      blocked.await();
      Instant late = ticker.ticks().receive();
      ticker.ticks().receive();
      Instant third = ticker.ticks().receive();
      blocker.get();
      assertThat(Duration.between(late, third)).isGreaterThan(period.minusMillis(1));
    }
  }

  @Test
  void slowReceiverFindsOneTickAndTheRestAreDropped() throws Exception {
    try (var ticker = Ticker.every(Duration.ofMillis(1))) {
      await().until(() -> ticker.ticks().size() == 1);
      Channel.never().tryReceive(Duration.ofMillis(30)); // is slow
      assertThat(ticker.ticks().size()).isEqualTo(1);
      Instant first = ticker.ticks().receive();
      Instant second = ticker.ticks().receive();
      assertThat(Duration.between(first, second)).isGreaterThan(Duration.ofMillis(20));
    }
  }

  @Test
  void nothingStaleIsReceivedAfterStopAndReset() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    int received = 0;
    try (var ticker = Ticker.every(LONG)) {
      for (int i = 0; i < 3_000; i++) {
        ticker.reset(Duration.ofNanos(1 + random.nextInt(50_000)));
        if (random.nextInt(4) == 0) {
          ticker.ticks().receive();
          received++;
        }
        if (random.nextBoolean()) {
          ticker.stop();
        } else {
          ticker.reset(LONG);
        }
        assertThat(ticker.ticks().tryReceive()).as("seed %d, turn %d", seed, i).isNull();
        Thread.yield();
        assertThat(ticker.ticks().tryReceive()).as("seed %d, turn %d", seed, i).isNull();
      }
    }
    assertThat(received).isPositive();
  }

  @Test
  void closeEndsTheLoopOfTheReceiver() throws Exception {
    var ticker = Ticker.every(Duration.ofMillis(1));
    var loop =
        threads.start(
            () -> {
              int ticks = 0;
              for (Instant tick : ticker.ticks()) {
                ticks += tick == null ? 0 : 1;
              }
              return ticks;
            });
    await().until(() -> ticker.ticks().waitingReceivers() == 1);
    ticker.close();
    assertThat(loop.get()).isNotNegative();
    assertThatThrownBy(() -> ticker.reset(LONG)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void periodMustBePositive() {
    assertThatThrownBy(() -> Ticker.every(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PT0S");
    try (var ticker = Ticker.every(LONG)) {
      assertThatThrownBy(() -> ticker.reset(Duration.ofNanos(-1)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
