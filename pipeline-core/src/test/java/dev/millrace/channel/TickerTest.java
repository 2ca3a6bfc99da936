package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
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

  /** What the receiver does between two ticks does not move the ticks: they keep their grid. */
  @Test
  void lateReceiverDoesNotMoveTheTicksThatFollow() throws Exception {
    long period = 40_000_000;
    for (int round = 0; ; round++) {
      long start = System.nanoTime();
      try (var ticker = Ticker.every(Duration.ofNanos(period))) {
        long set = System.nanoTime();
        boolean onGrid = true;
        for (int i = 0; i < 5; i++) {
          ticker.ticks().receive();
          long phase = (System.nanoTime() - start) % period;
          onGrid &= phase < period / 4;
          Channel.never().tryReceive(Duration.ofNanos(period / 2)); // is busy
        }
        if (onGrid && set - start < period / 10) {
          return;
        }
      }
      assertThat(round).as("rounds on a machine that is too busy to tell").isLessThan(20);
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
