package dev.millrace.kafka.internal.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The bucket, on a clock of the test. */
class BucketTest {

  private static final long SECOND = 1_000_000_000;

  private final AtomicLong clock = new AtomicLong();

  /** The permits taken within the time, by a caller that comes back this late. */
  private int taken(Bucket bucket, long time, long late) {
    int taken = 0;
    while (true) {
      long left = bucket.untilFree();
      if (left > 0) {
        if (clock.get() + left + late > time) {
          return taken;
        }
        clock.addAndGet(left + late);
        assertThat(bucket.untilFree()).isZero();
      }
      bucket.take(1);
      taken++;
    }
  }

  @Test
  void givesTheRateOnAverageAndATenthOfASecondAtOnce() {
    var bucket = new Bucket(1000, clock::get);
    int burst = 0;
    for (; bucket.untilFree() == 0; burst++) {
      bucket.take(1);
    }
    assertThat(burst).isEqualTo(100);
    assertThat(burst + taken(bucket, 10 * SECOND, 0)).isBetween(10_099, 10_100);
  }

  @Test
  void keepsTheAverageAfterLateTimers() {
    var bucket = new Bucket(5, clock::get); // each 200 ms, and no burst that would hide the delay
    assertThat(taken(bucket, 20 * SECOND, 40_000_000)).isBetween(98, 102);
  }

  @Test
  void aPauseOfTheRecordsIsNotFollowedByABurst() {
    var bucket = new Bucket(1000, clock::get);
    int _ = taken(bucket, SECOND, 1_000_000);
    clock.addAndGet(60 * SECOND);
    int burst = 0;
    for (; bucket.untilFree() == 0; burst++) {
      bucket.take(1);
    }
    assertThat(burst)
        .isLessThanOrEqualTo(1100); // a tenth of a second, and at most one second behind
  }

  @Test
  void aDebtIsPaid() {
    var bucket = new Bucket(1000, clock::get);
    bucket.take(5000); // a large record
    assertThat(bucket.untilFree()).isBetween(4_800_000_000L, 5_000_000_000L);
  }

  @Test
  void aPermitThatWasGivenBackIsFreeAgain() {
    var bucket = new Bucket(1, clock::get);
    bucket.take(1);
    assertThat(bucket.untilFree()).isPositive();
    bucket.giveBack();
    assertThat(bucket.untilFree()).isZero();
  }
}
