package dev.millrace.channel;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/** Due at a start, and every so often from then on. */
record PeriodicSchedule(Instant start, Duration period) implements Schedule {

  PeriodicSchedule {
    Objects.requireNonNull(start, "start");
    if (!period.isPositive()) {
      throw new IllegalArgumentException("the period must be positive, but is " + period);
    }
  }

  @Override
  public Instant nextAfter(Instant instant) {
    if (instant.isBefore(start)) {
      return start;
    }
    long passed = Duration.between(start, instant).dividedBy(period);
    return start.plus(period.multipliedBy(passed + 1));
  }
}
