package dev.millrace.kafka.internal.report;

import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Waits for threads at the end of a loop, by a deadline in {@link System#nanoTime}. */
public final class Ends {

  private Ends() {}

  /** How much time is left; zero if the deadline has passed. */
  public static Duration left(long deadline) {
    return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
  }

  /**
   * Waits for the end of a thread; whether it has ended by the deadline. An interrupt does not
   * shorten the wait: it is kept for the caller.
   */
  public static boolean join(@Nullable Thread thread, long deadline) {
    if (thread == null) {
      return true;
    }
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        Duration left = left(deadline);
        ended = left.isZero() ? !thread.isAlive() : thread.join(left);
        if (!ended && left(deadline).isZero()) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return ended;
  }

  /** Where a thread is, for people: its innermost calls. */
  public static String place(Thread thread) {
    return Stream.of(thread.getStackTrace())
        .limit(12)
        .map(StackTraceElement::toString)
        .collect(Collectors.joining(" < "));
  }
}
