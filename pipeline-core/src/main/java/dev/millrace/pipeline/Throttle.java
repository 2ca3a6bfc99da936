package dev.millrace.pipeline;

import dev.millrace.pipeline.graph.Emitter;
import dev.millrace.pipeline.graph.TimedTransform;
import java.util.function.LongSupplier;

/**
 * A token bucket: {@code elements} in each {@code period} on average, and as many at once at most.
 */
/*
 * Virtual scheduling, the form of the generic cell rate algorithm in ITU-T I.371: "theoretical" is the
 * instant at which the next element is due at the average rate, and an element may be early by "burst".
 *
 * A thread that sleeps until then wakes up late: by some 50 µs on a quiet machine, by milliseconds on a
 * busy one. A bucket for one element would lose that time for ever, and with it half of the rate if the
 * interval is as short as the delay. So the schedule is kept, not restarted at the wake-up: "behind" is
 * how much time late wake-ups have cost that was not caught up yet. Only they count. Time in which no
 * element came, or in which the stage after this one had no room, is lost as in any bucket; otherwise a
 * pause would be followed by a burst of all that could have come in it.
 */
final class Throttle<T> implements TimedTransform<T, T> {

  /**
   * Longest delay that is caught up, as in Guava's RateLimiter: longer ones are a suspended
   * process.
   */
  private static final long MOST_BEHIND = 1_000_000_000;

  private final double interval;
  private final double burst;
  private final LongSupplier clock;
  private final long origin;
  private boolean started;

  /** In nanoseconds since the origin: a fraction of one matters at a million elements a second. */
  private double theoretical;

  private double behind;
  private boolean sleeps;

  /**
   * A full bucket.
   *
   * @param nanos the period
   * @param clock that of {@link System#nanoTime}
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

  /** The thread asks before it takes an element; if it is too early, it sleeps and asks again. */
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
