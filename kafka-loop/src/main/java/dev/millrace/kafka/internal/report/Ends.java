package dev.millrace.kafka.internal.report;

import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.clock.internal.Time;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Waits for threads at the end of a loop, by a deadline in {@link System#nanoTime}. */
public final class Ends {

  private Ends() {}

  /**
   * Waits for the end of a thread; whether it has ended by the deadline. An interrupt does not
   * shorten the wait: it is kept for the caller.
   */
  public static boolean join(@Nullable Thread thread, long deadline) {
    return thread == null
        || Uninterruptibly.awaitUntil(
            deadline, left -> left.isZero() ? !thread.isAlive() : Time.join(thread, left));
  }

  /** Where a thread is, for people: its innermost calls. */
  public static String place(Thread thread) {
    return Stream.of(thread.getStackTrace())
        .limit(12)
        .map(StackTraceElement::toString)
        .collect(Collectors.joining(" < "));
  }
}
