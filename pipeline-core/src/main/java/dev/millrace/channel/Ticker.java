package dev.millrace.channel;

import dev.millrace.channel.internal.Timers;
import java.time.Duration;
import java.time.Instant;

/**
 * An event every so often, as a channel that gets the time when it comes: a clause for {@link
 * Select}.
 *
 * <p>Ticks come at fixed distances from the start: late ones do not move those that follow. A slow
 * receiver finds one tick waiting, the first that it has missed; the others are dropped. Once
 * {@link #stop} or {@link #reset} has returned, no tick of the old setting can be received.
 *
 * <p>Safe for use by many threads, and nothing here blocks. All timers, tickers and deadlines share
 * one scheduler, whose daemon threads start with the first; a ticker costs an entry there until it
 * is stopped or closed, and about a microsecond a tick. Time is that of {@link System#nanoTime}:
 * changes of the wall clock do not matter; see {@link Schedule} for ticks by the wall clock.
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

  /** Gets the time of each tick. Closed by {@link #close}, and not before. */
  public ReceiveChannel<Instant> ticks() {
    return alarm.channel();
  }

  /** Stops the ticks, until the next {@link #reset}. */
  public void stop() {
    alarm.off();
  }

  /**
   * Starts anew: the next tick comes one period from now.
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

  /** Stops the ticks for good, and closes their channel. */
  @Override
  public void close() {
    alarm.close();
  }
}
