package dev.millrace.channel;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A rule that says when something is due, by the wall clock.
 *
 * <pre>{@code
 * for (Instant due : Schedule.cron("0 14 * * TUE", ZoneId.of("Europe/Berlin")).ticks(context)) {
 *   report(due);
 * }
 * }</pre>
 *
 * <p>What is due next is computed from the rule and never from when a receiver came, so nothing
 * drifts. A rule of one's own is a lambda. Safe for use by many threads, if {@link #nextAfter} is;
 * those that are made here are immutable.
 *
 * <p><b>Clocks that jump.</b> A computer's clock is set, and stands still while the computer
 * sleeps. Whoever waits here looks at it every 100 ms, so a jump is noticed within that time, at
 * the cost of ten short wake-ups a second. {@link Ticker} has the cheaper ticks where the wall
 * clock does not matter.
 */
@FunctionalInterface
public interface Schedule {

  /**
   * When it is due next, after {@code instant} and not at it; null if never, or beyond what an
   * {@link Instant} can say. Does not block, and gives the same answer whenever it is asked.
   */
  @Nullable Instant nextAfter(Instant instant);

  /**
   * At {@code start}, and every {@code period} from then on. What lies in the past is not made up
   * for: with a start of long ago the next one is the first {@code start + k * period} to come.
   *
   * @throws IllegalArgumentException if {@code period} is not positive
   */
  static Schedule every(Instant start, Duration period) {
    return new PeriodicSchedule(start, period);
  }

  /**
   * At the times of a cron expression with the five fields of Unix (minute, hour, day of the month,
   * month, day of the week), in the local time of {@code zone}: {@code "0 14 * * TUE"} is every
   * Tuesday at 14:00. If both days are restricted, either will do.
   *
   * <p><b>Daylight saving.</b> An expression that names its hours is due once on each of its days:
   * at a time that does not exist because the clock is put forward, as much later as it is put
   * forward (02:30 becomes 03:30), and at a time that exists twice because the clock is put back,
   * the first time. An expression with {@code *} for the hour goes by the minutes that pass: it
   * skips what does not exist, and is due in both hours that are called the same.
   *
   * <p>Needs the library {@code com.cronutils:cron-utils} 9.2, on which this module depends only
   * optionally: add it to the build, and {@code requires com.cronutils} to the descriptor of a
   * modular application. Computing the next time takes about a millisecond.
   *
   * <p>Nothing is due after the year 9999, nor before the year 1.
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
          "cron expressions need the library com.cronutils:cron-utils and what it needs: add it to"
              + " the class path or the module path",
          e);
    }
  }

  /** As {@link #ticks(Cancellation, InstantSource)}, by the system's clock. */
  default ReceiveChannel<Instant> ticks(Cancellation cancellation) {
    return ticks(cancellation, Clock.systemUTC());
  }

  /**
   * Gets an element whenever it is due, from now on: the time of the rule, at that time or shortly
   * after.
   *
   * <p>A slow receiver finds one tick waiting, and the others are dropped. What the clock jumps
   * over is due once, at its first time. After a jump back of up to three hours nothing is due a
   * second time; a longer one is taken for the correction of a wrong clock, and the rule is
   * followed from there.
   *
   * <p>The channel is closed when {@code cancellation} comes or nothing will be due any more, and
   * if the rule throws, with that as the cause. Until then it costs a virtual thread.
   */
  default ReceiveChannel<Instant> ticks(Cancellation cancellation, InstantSource clock) {
    Objects.requireNonNull(cancellation, "cancellation");
    Objects.requireNonNull(clock, "clock");
    var ticks = new ScheduleTicks(this, cancellation, clock);
    Thread.ofVirtual().name("millrace-schedule").start(ticks);
    return ticks.channel();
  }

  /** As {@link #awaitUntil(Instant, Cancellation, InstantSource)}, by the system's clock. */
  static void awaitUntil(Instant instant, Cancellation cancellation) throws InterruptedException {
    awaitUntil(instant, cancellation, Clock.systemUTC());
  }

  /**
   * Waits until the clock says {@code instant} or later; returns at once if it does.
   *
   * @throws CancellationException if the cancellation comes before that, or has come
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
