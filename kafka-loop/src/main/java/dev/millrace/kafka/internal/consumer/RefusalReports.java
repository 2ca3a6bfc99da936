package dev.millrace.kafka.internal.consumer;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Remembers when each kind of refused right was reported. A refusal happens again with each poll or
 * each look at the topics, and is reported once in an interval. Not thread-safe: for the poll
 * thread.
 */
final class RefusalReports {

  /** By the class of the exception, as {@link System#nanoTime}. */
  private final Map<Class<?>, Long> last = new HashMap<>();

  /** Whether to report this refusal now. If so, it counts as reported. */
  boolean isDue(Exception refusal, Duration interval) {
    long now = Time.nanoTime();
    Long before = last.get(refusal.getClass());
    if (before != null && now - before < interval.toNanos()) {
      return false;
    }
    last.put(refusal.getClass(), now);
    return true;
  }
}
