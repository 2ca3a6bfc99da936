package dev.millrace.testkit.soak;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Sink;
import java.util.Arrays;
import java.util.function.LongToIntFunction;

/**
 * The count of the numbers, a sum that identifies them, and whether they rise. A sink, for one run.
 */
final class Tally implements Sink<Long, Tally> {

  /** The lane of numbers that come in no order. */
  static final int NO_LANE = -1;

  private final LongToIntFunction lane;
  private final long[] last;
  private long count;
  private long sum;
  private String disorder = "";

  /**
   * @param lanes the number of lanes
   * @param lane gives the lane of a number, in which numbers rise; or {@link #NO_LANE}
   */
  Tally(int lanes, LongToIntFunction lane) {
    this.lane = lane;
    this.last = new long[lanes];
    Arrays.fill(last, Long.MIN_VALUE);
  }

  void add(long number) {
    count++;
    sum += mixed(number);
    int in = lane.applyAsInt(number);
    if (in != NO_LANE) {
      if (number <= last[in] && disorder.isEmpty()) {
        disorder = "%d came after %d, in the lane %d".formatted(number, last[in], in);
      }
      last[in] = number;
    }
  }

  /** Different numbers have the same sum only by a very rare chance. */
  private static long mixed(long number) {
    long mixed = (number ^ (number >>> 33)) * 0xff51afd7ed558ccdL;
    return mixed ^ (mixed >>> 29);
  }

  @Override
  public Receiver<Long, Tally> open(Context context) {
    return new Receiver<>() {
      @Override
      public boolean accept(Long number) {
        add(number);
        return true;
      }

      @Override
      public Tally finish() {
        return Tally.this;
      }
    };
  }

  long count() {
    return count;
  }

  void checkOrder() {
    if (!disorder.isEmpty()) {
      throw new AssertionError(disorder);
    }
  }

  /** Fails unless the same numbers have come, in any order. */
  void checkSame(Tally expected) {
    if (count != expected.count || sum != expected.sum) {
      throw new AssertionError(
          "%d numbers have come, of %d; their sum is %s"
              .formatted(count, expected.count, sum == expected.sum ? "right" : "wrong"));
    }
  }
}
