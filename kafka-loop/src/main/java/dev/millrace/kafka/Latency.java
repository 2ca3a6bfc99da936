package dev.millrace.kafka;

import java.time.Duration;
import java.util.Objects;

/**
 * How long something took, lately. Immutable. Times are too long by a 16th at the most.
 *
 * @param count how often it was done in that time
 * @param p50 what half of them did not exceed; zero if there was none, as all that follow
 * @param p90 what nine of ten did not exceed
 * @param p99 what 99 of 100 did not exceed
 * @param max the longest
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
