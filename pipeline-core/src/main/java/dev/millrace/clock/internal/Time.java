package dev.millrace.clock.internal;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The only place where this library reads a clock, or waits for a time. Thread-safe.
 *
 * <p>Each method is the method of the JDK with the same name, unless the JVM was started with a
 * {@link VirtualTime}. The choice is a constant, so compiled code has no trace of it: the cost of
 * {@link #nanoTime} is the cost of {@link System#nanoTime}. Waits without a time limit need no
 * clock, and use the JDK directly.
 */
public final class Time {

  /** How often a wait under virtual time looks at its deadline, in milliseconds of the system. */
  private static final int LOOK_MILLIS = 1;

  private static final @Nullable VirtualTime VIRTUAL =
      virtual(System.getProperty(VirtualTime.PROPERTY));

  /** The time of day. */
  private static final Clock WALL =
      new Clock() {
        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return Clock.fixed(instant(), zone).withZone(zone);
        }

        @Override
        public Instant instant() {
          return now();
        }
      };

  private Time() {}

  static @Nullable VirtualTime virtual(@Nullable String name) {
    if (name == null) {
      return null;
    }
    try {
      return Class.forName(name, true, Time.class.getClassLoader())
          .asSubclass(VirtualTime.class)
          .getConstructor()
          .newInstance();
    } catch (ReflectiveOperationException | ClassCastException e) {
      throw new IllegalStateException(
          "-D"
              + VirtualTime.PROPERTY
              + "="
              + name
              + " names no VirtualTime with a public constructor without parameters: correct the"
              + " name, or remove the property",
          e);
    }
  }

  /** The virtual clock of this JVM; null if the system's clock is in use. */
  public static @Nullable VirtualTime virtual() {
    return VIRTUAL;
  }

  /** Like {@link System#nanoTime}. */
  public static long nanoTime() {
    return VIRTUAL == null ? System.nanoTime() : VIRTUAL.nanoTime();
  }

  /** How much time is left until a deadline in {@link #nanoTime}; zero if it has passed. */
  public static Duration left(long deadline) {
    return Duration.ofNanos(Math.max(0, deadline - nanoTime()));
  }

  /** Like {@link Instant#now()}. */
  public static Instant now() {
    return VIRTUAL == null ? Instant.now() : VIRTUAL.now();
  }

  /** Like {@link System#currentTimeMillis}. */
  public static long currentTimeMillis() {
    return VIRTUAL == null ? System.currentTimeMillis() : VIRTUAL.now().toEpochMilli();
  }

  /** Like {@link Clock#systemUTC}. */
  public static Clock wallClock() {
    return VIRTUAL == null ? Clock.systemUTC() : WALL;
  }

  /** Like {@link LockSupport#parkNanos(Object, long)}. */
  public static void parkNanos(@Nullable Object blocker, long nanos) {
    if (VIRTUAL == null) {
      LockSupport.parkNanos(blocker, nanos);
    } else if (nanos > 0) {
      VIRTUAL.parkNanos(blocker, nanos);
    }
  }

  /** Like {@link Thread#sleep(Duration)}. */
  public static void sleep(Duration duration) throws InterruptedException {
    if (VIRTUAL == null) {
      Thread.sleep(duration);
      return;
    }
    long end = deadline(duration);
    for (long left; !Thread.interrupted(); ) {
      if ((left = end - nanoTime()) <= 0) {
        return;
      }
      VIRTUAL.parkNanos(null, left);
    }
    throw new InterruptedException();
  }

  /** Like {@link Thread#join(Duration)}. */
  public static boolean join(Thread thread, Duration atMost) throws InterruptedException {
    return VIRTUAL == null ? thread.join(atMost) : look(atMost, thread::join);
  }

  /** Like {@link CountDownLatch#await(long, TimeUnit)}, in nanoseconds. */
  public static boolean await(CountDownLatch latch, long nanos) throws InterruptedException {
    return VIRTUAL == null
        ? latch.await(nanos, TimeUnit.NANOSECONDS)
        : look(Duration.ofNanos(nanos), left -> latch.await(left.toNanos(), TimeUnit.NANOSECONDS));
  }

  /**
   * Like {@link Object#wait(long, int)}, in nanoseconds: the caller holds the monitor, and checks
   * its condition and its deadline afterwards. May return early.
   */
  @SuppressWarnings("WaitNotInLoop") // the caller loops
  public static void wait(Object monitor, long nanos) throws InterruptedException {
    long real =
        VIRTUAL == null ? nanos : Math.min(nanos, TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
    monitor.wait(real / 1_000_000, (int) (real % 1_000_000));
  }

  /** Like {@link Lock#tryLock(long, TimeUnit)}, in nanoseconds. */
  public static boolean tryLock(Lock lock, long nanos) throws InterruptedException {
    return VIRTUAL == null
        ? lock.tryLock(nanos, TimeUnit.NANOSECONDS)
        : look(Duration.ofNanos(nanos), left -> lock.tryLock(left.toNanos(), TimeUnit.NANOSECONDS));
  }

  /** Like {@link Future#get(long, TimeUnit)}, in nanoseconds. */
  public static <T> T get(Future<T> future, long nanos)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (VIRTUAL != null && !look(Duration.ofNanos(nanos), left -> isDone(future, left))) {
      throw new TimeoutException();
    }
    return future.get(nanos, TimeUnit.NANOSECONDS);
  }

  private static boolean isDone(Future<?> future, Duration left) throws InterruptedException {
    if (!future.isDone()) {
      Thread.sleep(left);
    }
    return future.isDone();
  }

  private interface Look {
    boolean isOver(Duration moment) throws InterruptedException;
  }

  /** Waits in moments of the system's time, until the virtual time is over. */
  private static boolean look(Duration atMost, Look look) throws InterruptedException {
    long end = deadline(atMost);
    while (true) {
      boolean late = end - nanoTime() <= 0;
      if (look.isOver(late ? Duration.ZERO : Duration.ofMillis(LOOK_MILLIS))) {
        return true;
      }
      if (late) {
        return false;
      }
    }
  }

  private static long deadline(Duration duration) {
    Duration longest = Duration.ofNanos(Long.MAX_VALUE / 2);
    return nanoTime() + (duration.compareTo(longest) < 0 ? duration : longest).toNanos();
  }
}
