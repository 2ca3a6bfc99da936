package dev.millrace.service;

import dev.millrace.errors.Backoff;
import java.time.Duration;
import java.util.Objects;

/**
 * Decides whether, and when, a failed service is started again.
 *
 * <p>A service that returns is not restarted: it has ended. A service that throws an {@link Error}
 * is not restarted either, because the state of the process is in doubt. Restarts are counted over
 * a sliding period. So a service that fails once a day is always restarted, and a service that
 * fails at each start is not. The idea comes from the supervisors of Erlang/OTP.
 *
 * <p>Immutable and thread-safe.
 *
 * @param backoff the delay before a restart, by the number of restarts in the period
 * @param maxRestarts the maximum number of restarts within the period; 0 for none
 * @param period the sliding period over which restarts are counted
 */
public record RestartPolicy(Backoff backoff, int maxRestarts, Duration period) {

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if {@code maxRestarts} is negative, or {@code period} is not
   *     positive
   */
  public RestartPolicy {
    Objects.requireNonNull(backoff, "backoff");
    if (maxRestarts < 0) {
      throw new IllegalArgumentException(
          "the number of restarts must not be negative, but is " + maxRestarts);
    }
    if (!period.isPositive()) {
      throw new IllegalArgumentException("the period must be positive, but is " + period);
    }
  }

  /** The first failure is final. */
  public static RestartPolicy never() {
    return new RestartPolicy(Backoff.none(), 0, Duration.ofSeconds(1));
  }

  /** Restarts after a failure, at most {@code maxRestarts} times within {@code period}. */
  public static RestartPolicy onFailure(Backoff backoff, int maxRestarts, Duration period) {
    return new RestartPolicy(backoff, maxRestarts, period);
  }
}
