package dev.millrace.channel;

import dev.millrace.channel.internal.Timers;
import java.time.Duration;
import java.time.Instant;

/**
 * A single event in the future, as a channel that gets the time when it comes: a clause for {@link
 * Select}.
 *
 * <pre>{@code
 * try (var idle = Timer.after(Duration.ofSeconds(30))) {
 *   var select =
 *       new Select<Boolean>()
 *           .onReceive(requests, request -> { handle(request); idle.reset(limit); return true; })
 *           .onReceive(idle.fired(), time -> false);
 *   while (select.select()) {}
 * }
 * }</pre>
 *
 * <p>It can be stopped and set again at any time: once {@link #stop} or {@link #reset} has
 * returned, no value of the old setting can be received, and there is nothing to drain. For a mere
 * timeout of a select {@link Select#onTimeout} is simpler, and for one of a single operation its
 * timed form is.
 *
 * <p>Thread-safe; nothing here blocks. All timers, tickers and deadlines share one scheduler, whose
 * daemon threads start with the first; a timer that is set costs an entry there, about 150 bytes,
 * until it fires or is stopped. Time is that of {@link System#nanoTime}: changes of the wall clock
 * do not matter; see {@link Schedule} for when they should.
 */
public final class Timer implements AutoCloseable {

  private final Alarm alarm = new Alarm();

  private Timer() {}

  /** A timer that fires after {@code delay}; at once, if it is not positive. */
  public static Timer after(Duration delay) {
    var timer = new Timer();
    timer.reset(delay);
    return timer;
  }

  /** A timer that does not fire before it is {@linkplain #reset set}. */
  public static Timer stopped() {
    return new Timer();
  }

  /** Gets the time when the timer fires. Closed by {@link #close}, and not before. */
  public ReceiveChannel<Instant> fired() {
    return alarm.channel();
  }

  /**
   * Stops the timer.
   *
   * @return true if this has kept a value from being received; false if there was nothing to stop:
   *     the value has been received, or the timer was not set
   */
  public boolean stop() {
    return alarm.off();
  }

  /**
   * Sets the timer to fire after {@code delay} from now, whatever it was set to before.
   *
   * @return as {@link #stop}
   * @throws IllegalStateException if the timer is closed
   */
  public boolean reset(Duration delay) {
    return alarm.set(Timers.toNanos(delay), 0);
  }

  /** Stops the timer for good, and closes its channel. */
  @Override
  public void close() {
    alarm.close();
  }
}
