package dev.millrace.kafka;

import java.time.Duration;
import java.util.Objects;

/**
 * The duration of an operation, over the last 30 to 60 seconds. Immutable and thread-safe. The
 * durations are too long by at most 1/16.
 *
 * @param count the number of operations in that time
 * @param p50 half of the operations took at most this long; zero if there was none, as are the
 *     fields below
 * @param p90 90 % of the operations took at most this long
 * @param p99 99 % of the operations took at most this long
 * @param max the longest duration
 */
public record Latency(long count, Duration p50, Duration p90, Duration p99, Duration max) {

  /** Checks the parts. */
  public Latency {
    Objects.requireNonNull(p50, "p50");
    Objects.requireNonNull(p90, "p90");
    Objects.requireNonNull(p99, "p99");
    Objects.requireNonNull(max, "max");
  }
}
