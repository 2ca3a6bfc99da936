package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.internal.properties.Checks;
import java.time.Duration;
import java.util.Objects;

/**
 * The size of batches.
 *
 * @param size the largest number of records in a batch
 * @param linger how long the first record waits for others
 */
public record Batching(int size, Duration linger) {

  /** Checks the parts. */
  public Batching {
    Checks.positive("the size of a batch", size);
    if (Objects.requireNonNull(linger, "linger").isNegative()) {
      throw new IllegalArgumentException("the linger of a batch is negative: " + linger);
    }
  }
}
