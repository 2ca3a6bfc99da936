package dev.millrace.service;

import dev.millrace.errors.Backoff;
import java.time.Duration;
import java.util.Objects;

/**
 * Whether a service that has failed is started again, and when.
 *
 * <p>A service that returns is not restarted: it has ended. A service that throws an {@link Error}
 * is not restarted either, because the state of the process is in doubt. Restarts are counted over
 * a sliding period, so that a service that fails once a day is restarted for ever, and a service
 * that fails at once is not. The idea is that of the supervisors of Erlang/OTP.
 *
 * <p>Immutable, and thread-safe.
 *
 * @param backoff how long to wait before a restart, by the number of restarts in the period
 * @param maxRestarts how many restarts there may be within the period; 0 for none
 * @param period over which restarts are counted
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
