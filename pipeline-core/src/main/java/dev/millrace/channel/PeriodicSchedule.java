package dev.millrace.channel;

import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Due at a start, and every so often from then on. */
record PeriodicSchedule(Instant start, Duration period) implements Schedule {

  private static final BigInteger NANOS_PER_SECOND = BigInteger.valueOf(1_000_000_000);

  PeriodicSchedule {
    Objects.requireNonNull(start, "start");
    if (!period.isPositive()) {
      throw new IllegalArgumentException("the period must be positive, but is " + period);
    }
  }

  /** Null beyond {@link Instant#MAX}. */
  @Override
  public @Nullable Instant nextAfter(Instant instant) {
    if (instant.isBefore(start)) {
      return start;
    }
    BigInteger each = nanos(period);
    BigInteger left = each.subtract(nanos(Duration.between(start, instant)).mod(each));
    BigInteger[] parts = left.divideAndRemainder(NANOS_PER_SECOND); // a long holds 292 years
    try {
      return instant.plus(Duration.ofSeconds(parts[0].longValueExact(), parts[1].longValueExact()));
    } catch (DateTimeException | ArithmeticException e) {
      return null;
    }
  }

  private static BigInteger nanos(Duration duration) {
    return BigInteger.valueOf(duration.getSeconds())
        .multiply(NANOS_PER_SECOND)
        .add(BigInteger.valueOf(duration.getNano()));
  }
}
