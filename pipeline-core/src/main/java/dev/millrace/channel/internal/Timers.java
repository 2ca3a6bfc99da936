package dev.millrace.channel.internal;

import dev.millrace.clock.internal.Time;
import dev.millrace.clock.internal.VirtualTime;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The scheduler behind every deadline, timer and ticker.
 *
 * <p>The scheduler is a fork-join pool of its own, created with the first timer. One daemon thread
 * keeps the time. Up to {@link #WORKERS} other threads run the due actions, and end after an idle
 * time. They are platform threads, so a deadline needs no free carrier. Setting and cancelling take
 * no lock, and a cancelled timer is released.
 *
 * <p>The common pool would be wrong. Parallel streams and futures of the application may block the
 * few workers of that pool for any time. A deadline that waits for these workers would be late by
 * that time.
 */
public final class Timers {

  /** The longest supported delay, in nanoseconds: 146 years. Longer ones are clamped to it. */
  public static final long LONGEST = Long.MAX_VALUE / 2;

  /**
   * More than one, so that the cancellation of a large tree does not delay the timers that are due
   * at the same time.
   */
  private static final int WORKERS = 4;

  private static final class Pool {
    static final ForkJoinPool INSTANCE = new ForkJoinPool(WORKERS, Worker::new, null, true);
  }

  /** Inherits nothing from the thread that needed the first timer. */
  private static final class Worker extends ForkJoinWorkerThread {
    Worker(ForkJoinPool pool) {
      super(null, pool, false);
      setName("millrace-timers");
      setContextClassLoader(ClassLoader.getSystemClassLoader());
    }
  }

  private Timers() {}

  /**
   * Runs the action once, after the delay; at once, if it is not positive. The action must not
   * block, and must not run code of the user, because other timers wait for it.
   */
  public static Future<?> schedule(Runnable action, long delayNanos) {
    long delay = Math.min(delayNanos, LONGEST);
    VirtualTime virtual = Time.virtual();
    return virtual == null
        ? Pool.INSTANCE.schedule(action, delay, TimeUnit.NANOSECONDS)
        : virtual.schedule(action, Math.max(0, delay));
  }

  /** The length of a duration in nanoseconds, saturated. */
  public static long toNanos(Duration duration) {
    Objects.requireNonNull(duration, "duration");
    try {
      return duration.toNanos();
    } catch (ArithmeticException e) {
      return duration.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }
}
