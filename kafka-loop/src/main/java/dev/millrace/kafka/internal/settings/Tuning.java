package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.RateLimit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When a loop starts handlers. Immutable.
 *
 * @param concurrency how many handlers may run at the start
 * @param rate the rate at the start
 * @param all the bound of handlers for each topic that {@code topics} does not name
 * @param topics the bounds of topics
 * @param priorities the topics to hand out first, the highest first
 * @param breaker pauses the loop while the system behind the handlers is down; null for none
 */
public record Tuning(
    int concurrency,
    RateLimit rate,
    int all,
    Map<String, Integer> topics,
    List<String> priorities,
    @Nullable LoopBreaker breaker) {

  static Tuning of(LoopDraft<?, ?> draft) {
    return new Tuning(
        draft.concurrency,
        draft.rateLimit,
        draft.topicConcurrency,
        Map.copyOf(draft.topicConcurrencies),
        draft.priorities,
        draft.breaker);
  }

  /**
   * Checks settings that can only be checked as a whole.
   *
   * @throws IllegalArgumentException if settings do not fit together
   */
  void check(ConsumerSettings<?, ?> consumer) {
    check(rate, consumer.stuckAfter);
    if (consumer.batching != null && (hasBounds() || !priorities.isEmpty())) {
      throw new IllegalArgumentException(
          "%s does not go with a batch handler, because a batch may have records of several topics: use a handler of single records, or a loop for each topic"
              .formatted(hasBounds() ? "topicConcurrency(…)" : "topicPriority(…)"));
    }
  }

  /**
   * Refuses a rate at which a healthy loop would look stuck.
   *
   * @throws IllegalArgumentException if the time between two records reaches {@code stuckAfter}
   */
  public static void check(RateLimit rate, Duration stuckAfter) {
    double seconds = stuckAfter.toNanos() / 1e9;
    if (rate.recordsPerSecond() * seconds <= 1) {
      throw new IllegalArgumentException(
          "a rate limit of %s is less than 1 record within stuckAfter, %s: health() would report the loop as stuck. Raise one of them, or pause the loop"
              .formatted(rate, stuckAfter));
    }
  }

  private boolean hasBounds() {
    return all != Integer.MAX_VALUE || !topics.isEmpty();
  }

  /** A new gate with these settings. */
  public Gate newGate() {
    return new Gate(
        concurrency,
        rate,
        hasBounds() ? new TopicSlots(all, topics) : null,
        breaker == null ? null : new Breaker(breaker));
  }
}
