package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.TimedTransform;
import java.util.function.LongSupplier;

/**
 * A token bucket: {@code elements} in each {@code period} on average, and at most {@code elements}
 * in one burst. Not thread-safe.
 */
/* The algorithm is virtual scheduling, one form of the generic cell rate algorithm in ITU-T I.371.
 * "theoretical" is the instant at which the next element is due at the average rate. An element may be
 * early by at most "burst".
 *
 * A thread that sleeps until an instant wakes up late: by about 50 µs on a quiet machine, by milliseconds
 * on a busy one. A bucket for one element would lose this time for ever. If the interval is as short as the
 * delay, it would lose half of the rate. So a late wake-up does not restart the schedule: "behind" is the
 * time that late wake-ups have cost and that is not caught up yet. Only late wake-ups count. A pause of the input is lost, as in any bucket, and so is a pause of the next stage. Otherwise a long
 * pause would be followed by a burst of all the elements that it could have let through.
 */
final class Throttle<T> implements TimedTransform<T, T> {

  /**
   * The maximum delay that is caught up, in nanoseconds; the value of Guava's RateLimiter. A longer
   * delay means a suspended process, and is not caught up.
   */
  private static final long MOST_BEHIND = 1_000_000_000;

  private final double interval;
  private final double burst;
  private final LongSupplier clock;
  private final long origin;
  private boolean started;

  /**
   * In nanoseconds since the origin. A double, because fractions of a nanosecond matter at a
   * million elements a second.
   */
  private double theoretical;

  private double behind;
  private boolean sleeps;

  /**
   * Starts with a full bucket.
   *
   * @param nanos the period, in nanoseconds
   * @param clock {@link System#nanoTime}, or the clock of a test
   */
  Throttle(int elements, long nanos, LongSupplier clock) {
    this.interval = (double) nanos / elements;
    this.burst = interval * (elements - 1);
    this.clock = clock;
    this.origin = clock.getAsLong();
  }

  private double now() {
    return clock.getAsLong() - origin;
  }

  @Override
  public Outcome accept(T element, Emitter<? super T> out) {
    double now = now();
    double from = started ? Math.max(theoretical, now - behind) : now;
    behind = Math.clamp(now - from, 0, behind);
    theoretical = from + interval;
    started = true;
    out.emit(element);
    return Outcome.USED;
  }

  /**
   * The thread calls this before it takes an element. If the instant is in the future, the thread
   * sleeps and calls it again.
   */
  @Override
  public long acceptAt() {
    if (!started) {
      return Long.MIN_VALUE;
    }
    double due = theoretical - burst;
    double late = now() - due;
    if (late < 0) {
      sleeps = true;
    } else if (sleeps) {
      sleeps = false;
      behind = Math.min(behind + late, MOST_BEHIND);
    }
    return origin + (long) Math.ceil(due);
  }

  @Override
  public long wakeAt() {
    return NEVER;
  }

  @Override
  public void elapsed(long now, Emitter<? super T> out) {}

  @Override
  public int holds() {
    return 0;
  }
}
