package dev.millrace.kafka.internal.settings;

import java.util.function.LongSupplier;

/**
 * A bucket of permits: {@code perSecond} on average, and a tenth of a second's permits in one
 * burst. Not thread-safe.
 */
/*
 * Virtual scheduling, one form of the generic cell rate algorithm in ITU-T I.371: `due` is the
 * instant at which the next permit is free at the average rate. A caller may be early by `burst`.
 * A permit may be taken before its size is known: the debt is paid by the callers behind it.
 *
 * A timer fires late, by milliseconds on a busy machine. So a refused caller that comes back late
 * does not restart the schedule: `behind` is the time that late timers have cost. Only refused
 * callers count. A pause of the records is lost, because otherwise a long pause would be followed
 * by a burst. (The throttle of pipelines follows the same rule.)
 */
final class Bucket {

  /** The longest delay that is caught up, in nanoseconds. A longer one is a suspended process. */
  private static final double MOST_BEHIND = 1e9;

  private static final double BURST_NANOS = 1e8;

  private final double interval;
  private final double burst;
  private final LongSupplier clock;
  private final long origin;
  private double due;
  private double behind;
  private boolean refused;

  /**
   * A full bucket.
   *
   * @param perSecond the rate; must be finite
   * @param clock as {@link System#nanoTime}
   */
  Bucket(double perSecond, LongSupplier clock) {
    this.interval = 1e9 / perSecond;
    this.burst = Math.max(0, BURST_NANOS - interval);
    this.clock = clock;
    this.origin = clock.getAsLong();
    this.due = 0;
  }

  private double now() {
    return clock.getAsLong() - origin;
  }

  /** The time until a permit is free, in nanoseconds; 0 if one is free now. */
  long untilFree() {
    double left = due - burst - now();
    if (left > 0) {
      refused = true;
      return (long) Math.ceil(left);
    }
    return 0;
  }

  /** Takes permits, whether they are free or not. */
  void take(double permits) {
    double now = now();
    if (refused && now > due - burst) {
      behind = Math.min(behind + (now - (due - burst)), MOST_BEHIND);
    }
    refused = false;
    double from = Math.max(due, now - behind);
    behind = Math.clamp(now - from, 0, behind);
    due = from + permits * interval;
  }

  /** Gives back a permit that was not used. */
  void giveBack() {
    due -= interval;
  }
}
