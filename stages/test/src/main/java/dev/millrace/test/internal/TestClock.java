package dev.millrace.test.internal;

import dev.millrace.clock.internal.Time;
import dev.millrace.clock.internal.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The clock of a JVM whose tests use virtual time: the system's clock, until a test stops it. The
 * JVM is started with {@code -Ddev.millrace.virtualTime=dev.millrace.test.internal.TestClock}.
 * Thread-safe.
 */
public final class TestClock implements VirtualTime {

  /** An event that is due at a time: an action, or the wake-up of a parked thread. */
  private static final class Alarm extends CompletableFuture<Boolean> {
    private final long due;
    private final long number;
    private final Runnable action;

    Alarm(long due, long number, Runnable action) {
      this.due = due;
      this.number = number;
      this.action = action;
    }
  }

  private final PriorityQueue<Alarm> alarms =
      new PriorityQueue<>(
          Comparator.<Alarm>comparingLong(one -> one.due).thenComparingLong(one -> one.number));

  private final ScheduledThreadPoolExecutor system = system();

  /** How far this clock is ahead of the system's clock while it runs. In nanoseconds. */
  private long ahead;

  /**
   * The same for the time of day. The system's two clocks cannot be read at the same moment, so
   * each continues from its own stopped time.
   */
  private Duration aheadOfDay = Duration.ZERO;

  /** The stopped time; meaningless while the clock runs. */
  private long stoppedAt;

  private Instant stoppedNow = Instant.EPOCH;
  private boolean isStopped;
  private long numbers;

  /** Creates the clock of the JVM; the library calls it. */
  public TestClock() {}

  private static ScheduledThreadPoolExecutor system() {
    var executor =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("millrace-timers-of-the-test-clock").factory());
    executor.setRemoveOnCancelPolicy(true);
    return executor;
  }

  /** The clock of this JVM; null if the JVM has another clock. */
  public static @Nullable TestClock ofThisJvm() {
    return Time.virtual() instanceof TestClock clock ? clock : null;
  }

  @Override
  public synchronized long nanoTime() {
    return isStopped ? stoppedAt : System.nanoTime() + ahead;
  }

  @Override
  public synchronized Instant now() {
    return isStopped ? stoppedNow : Instant.now().plus(aheadOfDay);
  }

  @Override
  public void parkNanos(@Nullable Object blocker, long nanos) {
    Thread thread = Thread.currentThread();
    Alarm alarm = atOnceOrLater(() -> LockSupport.unpark(thread), nanos);
    if (alarm == null) {
      LockSupport.parkNanos(blocker, nanos);
      return;
    }
    LockSupport.park(blocker);
    remove(alarm);
  }

  @Override
  public Future<?> schedule(Runnable action, long nanos) {
    Alarm alarm = atOnceOrLater(action, nanos);
    if (alarm == null) {
      return system.schedule(action, nanos, TimeUnit.NANOSECONDS);
    }
    var _ =
        alarm.whenComplete(
            (value, cancelled) -> {
              if (cancelled != null) {
                remove(alarm);
              }
            });
    return alarm;
  }

  /** An alarm of the stopped clock; null if the clock runs. */
  private synchronized @Nullable Alarm atOnceOrLater(Runnable action, long nanos) {
    if (!isStopped) {
      return null;
    }
    long due = nanos > Long.MAX_VALUE - stoppedAt ? Long.MAX_VALUE : stoppedAt + nanos;
    var alarm = new Alarm(due, numbers++, action);
    alarms.add(alarm);
    return alarm;
  }

  private synchronized void remove(Alarm alarm) {
    alarms.remove(alarm);
  }

  /**
   * Stops the clock.
   *
   * @throws IllegalStateException if it is stopped already
   */
  public synchronized void stop() {
    if (isStopped) {
      throw new IllegalStateException("virtual time is in use already: close it first");
    }
    stoppedAt = nanoTime();
    stoppedNow = now();
    isStopped = true;
  }

  /** Lets the clock go on at the system's pace. Pending alarms keep their remaining times. */
  public void goOn() {
    List<Alarm> pending;
    synchronized (this) {
      ahead = stoppedAt - System.nanoTime();
      aheadOfDay = Duration.between(Instant.now(), stoppedNow);
      isStopped = false;
      pending = new ArrayList<>(alarms);
      alarms.clear();
    }
    for (Alarm one : pending) {
      long left = one.due - stoppedAt;
      var _ = system.schedule(() -> fire(one), left, TimeUnit.NANOSECONDS);
    }
  }

  /**
   * Moves to the next alarm, at most to {@code until}, and runs the alarms of that time.
   *
   * @return whether there was an alarm
   */
  public boolean step(long until) {
    List<Alarm> due = new ArrayList<>();
    synchronized (this) {
      Alarm next = alarms.peek();
      boolean isThere = next != null && next.due <= until;
      long time = isThere ? Math.max(next.due, stoppedAt) : until;
      stoppedNow = stoppedNow.plus(Duration.ofNanos(time - stoppedAt));
      stoppedAt = time;
      while (!alarms.isEmpty() && alarms.peek().due <= time) {
        due.add(alarms.poll());
      }
    }
    due.forEach(TestClock::fire);
    return !due.isEmpty();
  }

  private static void fire(Alarm alarm) {
    if (!alarm.isDone()) {
      alarm.action.run();
      alarm.complete(true);
    }
  }
}
