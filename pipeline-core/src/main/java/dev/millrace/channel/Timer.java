package dev.millrace.channel;

import dev.millrace.channel.internal.Timers;
import java.time.Duration;
import java.time.Instant;

/**
 * A single event in the future, as a channel that gets the current time when the timer fires: a
 * clause for {@link Select}.
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
 * <p>It can be stopped and set again at any time. After {@link #stop} or {@link #reset} has
 * returned, no value of the old setting can be received, so the channel need not be drained. {@link
 * Select#onTimeout} is simpler for the timeout of a select. A timed operation, such as {@link
 * ReceiveChannel#tryReceive(Duration)}, is simpler for the timeout of one operation.
 *
 * <p>Thread-safe; no method blocks. All timers, tickers and deadlines share one scheduler; its
 * daemon threads start with the first of them. Cost: one entry in the scheduler, about 150 bytes,
 * until the timer fires or is stopped. Time is measured by {@link System#nanoTime}, so changes of
 * the wall clock have no effect. {@link Schedule} follows the wall clock.
 */
public final class Timer implements AutoCloseable {

  private final Alarm alarm = new Alarm();

  private Timer() {}

  /** A timer that fires after {@code delay}. A delay of zero or less fires at once. */
  public static Timer after(Duration delay) {
    var timer = new Timer();
    timer.reset(delay);
    return timer;
  }

  /** A timer that does not fire before it is {@linkplain #reset set}. */
  public static Timer stopped() {
    return new Timer();
  }

  /** The channel that gets the time when the timer fires. Only {@link #close} closes it. */
  public ReceiveChannel<Instant> fired() {
    return alarm.channel();
  }

  /**
   * Stops the timer.
   *
   * @return true if this call has prevented a value from being received; false if the value has
   *     been received already, or the timer was not set
   */
  public boolean stop() {
    return alarm.off();
  }

  /**
   * Sets the timer to fire {@code delay} from now. This replaces the old setting.
   *
   * @return as {@link #stop}
   * @throws IllegalStateException if the timer is closed
   */
  public boolean reset(Duration delay) {
    return alarm.set(Timers.toNanos(delay), 0);
  }

  /** Stops the timer for good, and closes its channel. Idempotent. */
  @Override
  public void close() {
    alarm.close();
  }
}
