package dev.millrace.channel;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Sends the times of a schedule to a channel when they come. Runs in a virtual thread, because a
 * rule is code of the user, and the scheduler of all timers must not wait for it.
 *
 * <p>All times up to {@code passed} have been sent. It does not go back with the clock, so no time
 * is due twice. The exception is a clock that goes back by more than three hours. Neither daylight
 * saving nor a synchronized clock does that, so such a clock was wrong before. (Vixie's cron has
 * the same limit.)
 */
final class ScheduleTicks implements Runnable {

  private static final Duration CORRECTION = Duration.ofHours(3);

  private final Schedule schedule;
  private final Cancellation cancellation;
  private final InstantSource clock;
  private final Instant begin;
  private final Channel<Instant> channel = Channel.buffered(1);

  ScheduleTicks(Schedule schedule, Cancellation cancellation, InstantSource clock) {
    this.schedule = schedule;
    this.cancellation = cancellation;
    this.clock = clock;
    this.begin = clock.instant();
  }

  ReceiveChannel<Instant> channel() {
    return channel.receiveOnly();
  }

  @Override
  public void run() {
    try {
      tick();
      channel.close();
    } catch (Throwable e) {
      channel.close(e);
    }
  }

  private void tick() throws InterruptedException {
    var pause = new Pause(cancellation);
    Instant passed = begin;
    Instant due = next(passed);
    while (due != null && !cancellation.isCancelled()) {
      Instant now = clock.instant();
      if (Duration.between(now, passed).compareTo(CORRECTION) > 0) {
        passed = now;
        due = next(passed);
      } else if (!now.isBefore(due)) {
        channel.trySend(due);
        passed = now;
        due = next(passed);
      } else {
        passed = now.isAfter(passed) ? now : passed;
        pause.towards(due, now);
      }
    }
  }

  private @Nullable Instant next(Instant after) {
    Instant next = schedule.nextAfter(after);
    if (next != null && !next.isAfter(after)) {
      throw new IllegalStateException(
          "the schedule %s says that %s comes after %s".formatted(schedule, next, after));
    }
    return next;
  }
}
