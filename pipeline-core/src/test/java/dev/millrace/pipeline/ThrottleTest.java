package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A throttle, driven like by an engine, with a clock of the test. */
class ThrottleTest {

  private long now = 1_000_000;

  /** Sleeps until the throttle takes an element, and wakes up late. */
  private void await(Throttle<Integer> throttle, long late) {
    for (long at; (at = throttle.acceptAt()) != Long.MIN_VALUE && at > now; ) {
      now = at + late;
    }
  }

  private boolean isOpen(Throttle<Integer> throttle) {
    long at = throttle.acceptAt();
    return at == Long.MIN_VALUE || at <= now;
  }

  private int rush(Throttle<Integer> throttle) {
    int passed = 0;
    for (; isOpen(throttle); passed++) {
      throttle.accept(1, element -> {});
    }
    return passed;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1000, 1100",
    "1, 1000, 60",
    "1, 100, 57",
    "1, 100, 1300",
    "100, 1000, 1100",
    "3, 10, 5000"
  })
  void averageRateIsKeptAlthoughThreadsWakeUpLate(int elements, long micros, long lateMicros) {
    long period = Duration.ofNanos(micros * 1_000).toNanos();
    var throttle = new Throttle<Integer>(elements, period, () -> now);
    long end = now + Duration.ofSeconds(2).toNanos();
    long passed = 0;
    while (now < end) {
      await(throttle, lateMicros * 1_000);
      throttle.accept(1, element -> {});
      now += 200; // the time of the stages after it
      passed++;
    }
    double promised = (double) elements * Duration.ofSeconds(2).toNanos() / period;
    assertThat((double) passed).isCloseTo(promised, Percentage.withPercentage(2));
  }

  @Test
  void pauseOfTheInputIsNotCaughtUp() {
    var throttle = new Throttle<Integer>(5, Duration.ofMillis(1).toNanos(), () -> now);
    assertThat(rush(throttle)).isEqualTo(5);
    await(throttle, 1_500_000);
    assertThat(isOpen(throttle)).isTrue();
    now += Duration.ofSeconds(10).toNanos(); // no element comes
    int passed = rush(throttle);
    assertThat(passed).as("5, and what the late wake-up has cost").isBetween(5, 13);
    await(throttle, 0);
    now += Duration.ofSeconds(10).toNanos();
    assertThat(rush(throttle)).isEqualTo(5);
  }

  @Test
  void timeOfASlowStageBehindIsNotCaughtUp() {
    var throttle = new Throttle<Integer>(1, Duration.ofMillis(1).toNanos(), () -> now);
    for (int i = 0; i < 100; i++) {
      await(throttle, 0);
      throttle.accept(1, element -> now += Duration.ofMillis(50).toNanos());
    }
    assertThat(rush(throttle)).isEqualTo(1);
  }

  @Test
  void suspendedProcessCatchesUpOneSecondAtMost() {
    var throttle = new Throttle<Integer>(1, Duration.ofMillis(1).toNanos(), () -> now);
    throttle.accept(1, element -> {});
    await(throttle, Duration.ofHours(1).toNanos());
    assertThat(rush(throttle)).isBetween(1_000, 1_002);
  }
}
