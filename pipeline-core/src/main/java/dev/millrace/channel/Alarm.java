package dev.millrace.channel;

import dev.millrace.channel.internal.Timers;
import java.time.Instant;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A channel that gets the time when a setting is due: what {@link Timer} and {@link Ticker} are
 * made of.
 *
 * <p>Everything happens under the monitor: an alarm that rings checks there that it has not been
 * replaced, and whoever replaces it drains the channel there. So when a call returns, nothing of an
 * old setting is in the channel, and nothing can get there any more. Receivers need no monitor, so
 * exactly one of a receiver and {@link #off} gets a value that was fired. The channel holds one
 * value; what is due while that is not taken is dropped.
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
      this.due = System.nanoTime() + delay;
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
   * Calls off what is set, and rings after {@code delay}, and every {@code period} from then on if
   * that is not 0.
   *
   * @return whether this has kept a value from being received
   */
  synchronized boolean set(long delay, long period) {
    if (closed) {
      throw new IllegalStateException("it is closed, and can not be set again: make a new one");
    }
    boolean prevented = off();
    var next = new Setting(Math.clamp(delay, 0, Long.MAX_VALUE / 2), period);
    setting = next;
    schedule(next);
    return prevented;
  }

  /** Calls off what is set; whether this has kept a value from being received. */
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

  /** Calls off what is set, for ever. */
  synchronized void close() {
    off();
    closed = true;
    channel.close();
  }

  private synchronized void ring(Setting rings) {
    if (setting != rings) {
      return;
    }
    channel.trySend(Instant.now());
    if (rings.period == 0) {
      setting = null;
    } else {
      long late = Math.max(0, System.nanoTime() - rings.due);
      rings.due += rings.period * (1 + late / rings.period); // what was missed is dropped
      schedule(rings);
    }
  }

  private static void schedule(Setting setting) {
    setting.scheduled = Timers.schedule(setting, setting.due - System.nanoTime());
  }
}
