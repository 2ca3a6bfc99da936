package dev.millrace.channel.internal;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The scheduler behind every deadline, timer and ticker.
 *
 * <p>It is a fork-join pool of its own, made when the first timer is set: one daemon thread keeps
 * the time, and up to {@link #WORKERS} others run what is due, and end when there was nothing to do
 * for a while. They are platform threads, so a deadline needs no free carrier. Setting and calling
 * off take no lock, and a timer that is called off is forgotten.
 *
 * <p>Not the common pool: parallel streams and futures of the application block its few workers for
 * as long as they like, and a deadline that had to wait for them would come late by as much.
 */
public final class Timers {

  /** The longest supported delay, in nanoseconds: 146 years. Longer ones are clamped to it. */
  public static final long LONGEST = Long.MAX_VALUE / 2;

  /** So that the cancellation of a large tree does not hold up the timers that are due with it. */
  private static final int WORKERS = 4;

  private static final class Pool {
    static final ForkJoinPool INSTANCE = new ForkJoinPool(WORKERS, Worker::new, null, true);
  }

  /** Has nothing of the thread that happened to need a timer first. */
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
   * block, nor run code of the user: all others wait for it.
   */
  public static Future<?> schedule(Runnable action, long delayNanos) {
    return Pool.INSTANCE.schedule(action, Math.min(delayNanos, LONGEST), TimeUnit.NANOSECONDS);
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
