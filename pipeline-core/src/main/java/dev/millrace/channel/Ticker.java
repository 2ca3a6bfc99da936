package dev.millrace.channel;

import dev.millrace.channel.internal.Timers;
import java.time.Duration;
import java.time.Instant;

/**
 * Periodic events, as a channel that gets the current time at each tick: a clause for {@link
 * Select}.
 *
 * <p>Ticks are due at fixed distances from the start: a late tick does not move the later ones. For
 * a slow receiver, at most one tick waits: the first that it has missed. Later ones are dropped.
 * Once {@link #stop} or {@link #reset} has returned, no tick of the old setting can be received.
 *
 * <p>Thread-safe; no method blocks. All timers, tickers and deadlines share one scheduler; its
 * daemon threads start with the first of them. Cost: one entry in the scheduler until the ticker is
 * stopped or closed, and about a microsecond per tick. Time is measured by {@link System#nanoTime},
 * so changes of the wall clock have no effect. {@link Schedule} has ticks by the wall clock.
 */
public final class Ticker implements AutoCloseable {

  private final Alarm alarm = new Alarm();

  private Ticker() {}

  /**
   * A ticker whose first tick comes after one period.
   *
   * @throws IllegalArgumentException if {@code period} is not positive
   */
  public static Ticker every(Duration period) {
    var ticker = new Ticker();
    ticker.reset(period);
    return ticker;
  }

  /** The channel that gets the time of each tick. Only {@link #close} closes it. */
  public ReceiveChannel<Instant> ticks() {
    return alarm.channel();
  }

  /** Stops the ticks, until the next {@link #reset}. */
  public void stop() {
    alarm.off();
  }

  /**
   * Starts the ticker again: the next tick comes one {@code period} from now.
   *
   * @throws IllegalArgumentException if {@code period} is not positive
   * @throws IllegalStateException if the ticker is closed
   */
  public void reset(Duration period) {
    if (!period.isPositive()) {
      throw new IllegalArgumentException("the period must be positive, but is " + period);
    }
    long nanos = Math.min(Timers.toNanos(period), Long.MAX_VALUE / 2);
    alarm.set(nanos, nanos);
  }

  /** Stops the ticks for good, and closes their channel. Idempotent. */
  @Override
  public void close() {
    alarm.close();
  }
}
