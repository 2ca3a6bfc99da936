package dev.millrace.channel.internal;

import dev.millrace.clock.internal.Time;
import java.time.Duration;

/**
 * Waits that an interrupt does not end. An interrupt that arrives during the wait is kept: the flag
 * of the thread is set again when the wait is over. Thread-safe. Both methods block.
 */
public final class Uninterruptibly {

  /** A wait that can be repeated after an interrupt. */
  @FunctionalInterface
  public interface Wait {
    /** Waits. */
    void await() throws InterruptedException;
  }

  /** A wait with a timeout that can be repeated after an interrupt. */
  @FunctionalInterface
  public interface TimedWait {
    /** Waits at most for this time, which may be zero; false if the time is over first. */
    boolean await(Duration left) throws InterruptedException;
  }

  private Uninterruptibly() {}

  /** Waits until the wait ends by itself. */
  public static void await(Wait wait) {
    boolean interrupted = false;
    while (true) {
      try {
        wait.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until the wait ends by itself, at most until the deadline. If the deadline is over, the
   * wait is still asked once, with a time of zero.
   *
   * @param deadline as {@link System#nanoTime}
   * @return whether the wait has ended by itself
   */
  public static boolean awaitUntil(long deadline, TimedWait wait) {
    boolean interrupted = false;
    boolean ended = false;
    boolean late = false;
    while (!ended && !late) {
      long left = Math.max(0, deadline - Time.nanoTime());
      try {
        ended = wait.await(Duration.ofNanos(left));
        late = left == 0;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return ended;
  }
}
