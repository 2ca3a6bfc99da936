package dev.millrace.kafka.internal.settings;

import java.time.Duration;
import java.util.Objects;

/**
 * How large batches are.
 *
 * @param size how many records one has at the most
 * @param linger how long the first of them waits for others
 */
public record Batching(int size, Duration linger) {

  /** Checks the parts. */
  public Batching {
    ConsumerSettings.positive("the size of a batch", size);
    if (Objects.requireNonNull(linger, "linger").isNegative()) {
      throw new IllegalArgumentException("the linger of a batch is negative: " + linger);
    }
  }
}
