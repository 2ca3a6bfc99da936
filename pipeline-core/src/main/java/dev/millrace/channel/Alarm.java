package dev.millrace.channel;

import dev.millrace.channel.internal.Timers;
import dev.millrace.clock.internal.Time;
import java.time.Instant;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A channel that receives the time when a setting is due. {@link Timer} and {@link Ticker} are made
 * of it.
 *
 * <p>All changes happen under the monitor. A setting that rings checks there that it has not been
 * replaced. A thread that replaces it drains the channel there. So when a call returns, the channel
 * has no value of an old setting, and will not get one. Receivers do not take the monitor: a fired
 * value goes either to a receiver or to {@link #off}, and never to both. The channel holds one
 * value; times that are due while it is full are dropped.
 */
final class Alarm {

  private final Channel<Instant> channel = Channel.buffered(1);
  private @Nullable Setting setting;
  private boolean closed;

  /** One time to ring; replaced by the next one if there is a period. */
  private final class Setting implements Runnable {
    final long period;
    long due;
    @Nullable Future<?> scheduled;

    Setting(long delay, long period) {
      this.period = period;
      this.due = Time.nanoTime() + delay;
    }

    @Override
    public void run() {
      ring(this);
    }
  }

  ReceiveChannel<Instant> channel() {
    return channel.receiveOnly();
  }

  /**
   * Cancels the present setting, and rings after {@code delay}, and then every {@code period} if it
   * is not 0.
   *
   * @return whether this has prevented a value from being received
   */
  synchronized boolean set(long delay, long period) {
    if (closed) {
      throw new IllegalStateException("it is closed, and cannot be set again: make a new one");
    }
    boolean prevented = off();
    var next = new Setting(Math.clamp(delay, 0, Long.MAX_VALUE / 2), period);
    setting = next;
    schedule(next);
    return prevented;
  }

  /**
   * Cancels the present setting. Returns whether this has prevented a value from being received.
   */
  synchronized boolean off() {
    boolean prevented = setting != null;
    if (setting != null) {
      Future<?> scheduled = setting.scheduled;
      if (scheduled != null) {
        scheduled.cancel(false);
      }
      setting = null;
    }
    return (!closed && channel.tryReceive() != null) || prevented;
  }

  /** Cancels the present setting, for ever. */
  synchronized void close() {
    off();
    closed = true;
    channel.close();
  }

  private synchronized void ring(Setting rings) {
    if (setting != rings) {
      return;
    }
    channel.trySend(Time.now());
    if (rings.period == 0) {
      setting = null;
    } else {
      long late = Math.max(0, Time.nanoTime() - rings.due);
      rings.due += rings.period * (1 + late / rings.period); // missed times are dropped
      schedule(rings);
    }
  }

  private static void schedule(Setting setting) {
    setting.scheduled = Timers.schedule(setting, setting.due - Time.nanoTime());
  }
}
