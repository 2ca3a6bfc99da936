package dev.millrace.channel;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A rule that gives the instants at which something is due, by the wall clock.
 *
 * <pre>{@code
 * for (Instant due : Schedule.cron("0 14 * * TUE", ZoneId.of("Europe/Berlin")).ticks(context)) {
 *   report(due);
 * }
 * }</pre>
 *
 * <p>The rule alone decides the next instant, not the moment of the last receive. So the schedule
 * does not drift. Your own rule can be a lambda. A schedule is thread-safe if its {@link
 * #nextAfter} is thread-safe. The schedules of this type are immutable and thread-safe.
 *
 * <p><b>Clocks that jump.</b> The wall clock of a computer can be changed, and does not run while
 * the computer sleeps. A waiting thread reads it every 100 ms. So it notices a jump within 100 ms,
 * at the cost of ten short wake-ups per second. {@link Ticker} is cheaper, if the wall clock does
 * not matter.
 */
@FunctionalInterface
public interface Schedule {

  /**
   * The first due instant after {@code instant}, never {@code instant} itself; null if there is
   * none, or if it is beyond the range of {@link Instant}. Does not block. The same argument always
   * gives the same result.
   */
  @Nullable Instant nextAfter(Instant instant);

  /**
   * Due at {@code start}, and every {@code period} after it. Instants in the past are skipped: if
   * {@code start} is in the past, the next instant is the first {@code start + k * period} in the
   * future.
   *
   * @throws IllegalArgumentException if {@code period} is not positive
   */
  static Schedule every(Instant start, Duration period) {
    return new PeriodicSchedule(start, period);
  }

  /**
   * Due at the times of a Unix cron expression, in the local time of {@code zone}. It has five
   * fields: minute, hour, day of the month, month, day of the week. {@code "0 14 * * TUE"} is every
   * Tuesday at 14:00. If both day fields are restricted, a day that matches one of them is enough.
   *
   * <p><b>Daylight saving.</b> An expression that names its hours is due exactly once on each of
   * its days. A time that is skipped when the clock goes forward moves by the same amount: 02:30
   * becomes 03:30. A time that exists twice when the clock goes back is due the first time. An
   * expression with {@code *} for the hour follows the elapsed minutes: it skips times that do not
   * exist, and is due in both hours with the same name.
   *
   * <p>Needs the library {@code com.cronutils:cron-utils} 9.2, an optional dependency of this
   * module: add it to the build, and {@code requires com.cronutils} to the descriptor of a modular
   * application. Computing the next time takes about a millisecond.
   *
   * <p>The schedule is never due after the year 9999 or before the year 1.
   *
   * @throws IllegalArgumentException if the expression is not valid, or is never due
   * @throws IllegalStateException if the library is missing
   */
  static Schedule cron(String expression, ZoneId zone) {
    Objects.requireNonNull(expression, "expression");
    Objects.requireNonNull(zone, "zone");
    try {
      return CronSchedule.parse(expression, zone);
    } catch (NoClassDefFoundError e) {
      throw new IllegalStateException(
          "cron expressions need the library com.cronutils:cron-utils and its dependencies: add it"
              + " to the class path or the module path",
          e);
    }
  }

  /** Like {@link #ticks(Cancellation, InstantSource)}, by the system's clock. */
  default ReceiveChannel<Instant> ticks(Cancellation cancellation) {
    return ticks(cancellation, Time.wallClock());
  }

  /**
   * A channel that gets an element at each due instant from now on. The element is the instant of
   * the rule; it arrives at that instant or shortly after.
   *
   * <p>For a slow receiver, at most one tick waits; the others are dropped. If the clock jumps over
   * several due instants, only the first of them gives a tick. If the clock jumps back by at most
   * three hours, no instant is due twice. A longer jump back counts as the correction of a wrong
   * clock: the rule continues from the new time.
   *
   * <p>The channel is closed when {@code cancellation} is cancelled, or when no further instant is
   * due. If the rule throws, it is closed with the exception as the cause. Cost: one virtual thread
   * until then.
   */
  default ReceiveChannel<Instant> ticks(Cancellation cancellation, InstantSource clock) {
    Objects.requireNonNull(cancellation, "cancellation");
    Objects.requireNonNull(clock, "clock");
    var ticks = new ScheduleTicks(this, cancellation, clock);
    Thread.ofVirtual().name("millrace-schedule").start(ticks);
    return ticks.channel();
  }

  /** Like {@link #awaitUntil(Instant, Cancellation, InstantSource)}, by the system's clock. */
  static void awaitUntil(Instant instant, Cancellation cancellation) throws InterruptedException {
    awaitUntil(instant, cancellation, Time.wallClock());
  }

  /**
   * Blocks until the clock has reached {@code instant}; returns at once if it has.
   *
   * @throws CancellationException if {@code cancellation} is cancelled before that, or is cancelled
   *     already
   * @throws InterruptedException if the thread is interrupted before that
   */
  static void awaitUntil(Instant instant, Cancellation cancellation, InstantSource clock)
      throws InterruptedException {
    Objects.requireNonNull(instant, "instant");
    Objects.requireNonNull(clock, "clock");
    cancellation.throwIfCancelled();
    var pause = new Pause(cancellation);
    Instant now = clock.instant();
    while (now.isBefore(instant)) {
      if (!pause.towards(instant, now)) {
        cancellation.throwIfCancelled();
      }
      now = clock.instant();
    }
  }
}
