package dev.millrace.test.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class TestClockTest {

  /** So many that a pair of reads of the system's clocks is interrupted, or takes long. */
  private static final int TIMES = 20_000;

  @Test
  void neitherTimeGoesBackWhenTheClockStopsAndGoesOn() {
    var clock = new TestClock();
    for (int i = 0; i < TIMES; i++) {
      Instant day = clock.now();
      long nanos = clock.nanoTime();
      clock.stop();
      assertThat(clock.now()).isAfterOrEqualTo(day);
      assertThat(clock.nanoTime()).isGreaterThanOrEqualTo(nanos);
      day = clock.now();
      nanos = clock.nanoTime();
      clock.goOn();
      assertThat(clock.now()).isAfterOrEqualTo(day);
      assertThat(clock.nanoTime()).isGreaterThanOrEqualTo(nanos);
    }
  }
}
