package dev.millrace.stages.internal.wait;

import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/**
 * A wait strategy that learns how often to look before it parks.
 *
 * <p>If each thread of the run can have a processor of its own, the waiting thread looks now and
 * then whether the other side has come. It does not look all the time: each look takes the cache
 * line away from the other side, and finds one element. Each success doubles the number of looks,
 * each failure halves it, down to none; then every 64th wait probes anew. In any case it lets other
 * threads run twice. The measurements are in docs/benchmarks.
 *
 * <p>For one thread.
 */
public final class AdaptiveWait implements WaitStrategy {

  private static final int MOST_LOOKS = 8;
  private static final int PROBE_EVERY = 64;

  /**
   * Between two looks: 3 µs on the machine of the measurements, in which the other side handles
   * some dozens of elements.
   */
  private static final int PAUSES = 128;

  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  private final IntSupplier threads;
  private final BooleanSupplier condition;
  private final WaitStrategy yielding;
  private int looks = 1;
  private int waits;

  /**
   * For one side.
   *
   * @param threads how many threads the run has started
   * @param condition whether it is worth going on
   */
  public AdaptiveWait(IntSupplier threads, BooleanSupplier condition) {
    this.threads = threads;
    this.condition = condition;
    this.yielding = WaitStrategy.yielding(condition);
  }

  @Override
  public void spin() {
    if (threads.getAsInt() > PROCESSORS || !look()) {
      yielding.spin();
    }
  }

  private boolean look() {
    int times = looks;
    if (times == 0 && ++waits % PROBE_EVERY == 0) {
      times = 1;
    }
    for (int i = 0; i < times; i++) {
      for (int j = 0; j < PAUSES; j++) {
        Thread.onSpinWait();
      }
      if (condition.getAsBoolean()) {
        looks = Math.min(MOST_LOOKS, 2 * times);
        return true;
      }
    }
    looks = times / 2;
    return false;
  }
}
