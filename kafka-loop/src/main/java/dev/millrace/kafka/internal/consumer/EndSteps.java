package dev.millrace.kafka.internal.consumer;

import dev.millrace.kafka.internal.text.Logs;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of the end of a consumer. Each step is done, even if an earlier one has failed. For the
 * poll thread.
 */
final class EndSteps {

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  private final String group;

  /**
   * The first failure. It is an exception of the application or of Kafka, and may be a shared
   * constant. So later failures are not added to it.
   */
  private @Nullable Throwable failure;

  /**
   * No step so far.
   *
   * @param failure the failure that ends the consumer; null if it has not failed
   */
  EndSteps(String group, @Nullable Throwable failure) {
    this.group = group;
    this.failure = failure;
  }

  /**
   * Does one step.
   *
   * @param what the step does, for the log: it is the only place that has all failures of an end
   */
  void step(String what, Runnable action) {
    try {
      action.run();
    } catch (Throwable e) {
      LOG.warn("group {}: the consumer could not {} at its end", group, what, e);
      if (failure == null) {
        failure = e;
      }
    }
  }

  /** The failure of the consumer, or else of its end; null if there is none. */
  @Nullable Throwable failure() {
    return failure;
  }
}
