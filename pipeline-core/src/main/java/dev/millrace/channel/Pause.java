package dev.millrace.channel;

import java.time.Duration;
import java.time.Instant;

/**
 * Waits for a clock that may jump, in steps.
 *
 * <p>A thread waits by a clock of its own, which neither jumps nor runs while the computer sleeps.
 * So the thread wakes up every 100 ms to look at the real clock. This costs nothing measurable, and
 * after a jump a timer is late by 100 ms at most. Used by one thread.
 */
final class Pause {

  private static final Duration STEP = Duration.ofMillis(100);

  private final Select<Boolean> select;

  Pause(Cancellation cancellation) {
    select = new Select<Boolean>().onDone(cancellation, () -> false);
  }

  /**
   * Waits for one step, or until {@code instant} if it is nearer.
   *
   * @return false if the cancellation has come
   */
  boolean towards(Instant instant, Instant now) throws InterruptedException {
    Duration left = Duration.between(now, instant);
    return select.onTimeout(left.compareTo(STEP) < 0 ? left : STEP, () -> true).select();
  }
}
