package dev.millrace.errors;

import java.time.Duration;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt.
 *
 * <p>With <i>n</i> the number of attempts that have failed, from 1, the delay is
 *
 * <ul>
 *   <li>fixed: {@code first};
 *   <li>linear: {@code first × n};
 *   <li>exponential: {@code first × factor}<sup>n−1</sup>;
 * </ul>
 *
 * <p>but {@code max} at the most. Jitter is applied to that delay, so that callers that failed
 * together do not retry together. <i>Full</i> jitter draws a delay between zero and that delay,
 * uniformly. Jitter by a fraction <i>f</i> multiplies that delay by a number between {@code 1 − f}
 * and {@code 1 + f}, so the result may exceed {@code max} by that fraction. Full jitter is from
 * Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. There it does the
 * least work of the compared methods.
 *
 * <p>Immutable and thread-safe. Nothing blocks: a call takes some nanoseconds.
 *
 * @param growth how the delay grows
 * @param first the delay after the first failure; zero means that there is never a delay
 * @param factor multiplies an exponential delay after each attempt; at least 1
 * @param max the longest delay, before jitter
 * @param jitter the fraction of jitter, from 0 (none) to {@link #FULL_JITTER}
 */
public record Backoff(Growth growth, Duration first, double factor, Duration max, double jitter) {

  /** The jitter that draws any delay from zero on. */
  public static final double FULL_JITTER = 1;

  /** How a delay grows from attempt to attempt. */
  public enum Growth {
    /** Every delay is the first delay. */
    FIXED,
    /** Each delay is longer by the first delay. */
    LINEAR,
    /** Each delay is longer by a factor. */
    EXPONENTIAL
  }

  /**
   * Checks the parts. The methods below are clearer: use them instead.
   *
   * @throws IllegalArgumentException if a delay is negative, {@code max} less than {@code first},
   *     {@code factor} less than 1, or {@code jitter} not between 0 and 1
   */
  public Backoff {
    Objects.requireNonNull(growth, "growth");
    if (first.isNegative()) {
      throw new IllegalArgumentException("the first delay is negative: " + first);
    }
    if (max.compareTo(first) < 0) {
      throw new IllegalArgumentException(
          "the longest delay, " + max + ", is less than the first, " + first);
    }
    if (!(factor >= 1)) {
      throw new IllegalArgumentException("the factor must be at least 1, but is " + factor);
    }
    if (!(jitter >= 0 && jitter <= 1)) {
      throw new IllegalArgumentException("jitter must be between 0 and 1, but is " + jitter);
    }
  }

  /** No delay at all. */
  public static Backoff none() {
    return fixed(Duration.ZERO);
  }

  /** Always the same delay. */
  public static Backoff fixed(Duration delay) {
    return new Backoff(Growth.FIXED, delay, 1, delay, 0);
  }

  /** {@code step}, twice {@code step}, three times {@code step}, …, {@code max} at the most. */
  public static Backoff linear(Duration step, Duration max) {
    return new Backoff(Growth.LINEAR, step, 1, max, 0);
  }

  /** {@code first}, and twice as long each time; {@code max} at the most. */
  public static Backoff exponential(Duration first, Duration max) {
    return exponential(first, 2, max);
  }

  /** {@code first}, and {@code factor} times as long each time; {@code max} at the most. */
  public static Backoff exponential(Duration first, double factor, Duration max) {
    return new Backoff(Growth.EXPONENTIAL, first, factor, max, 0);
  }

  /** The same with full jitter: any delay from zero to the delay without jitter. */
  public Backoff withFullJitter() {
    return withJitter(FULL_JITTER);
  }

  /**
   * The same with jitter by a fraction to either side.
   *
   * @param fraction from 0 to less than 1, such as 0.2 for ±20 %; {@link #FULL_JITTER} is full
   *     jitter
   */
  public Backoff withJitter(double fraction) {
    return new Backoff(growth, first, factor, max, fraction);
  }

  /**
   * How long to wait.
   *
   * @param attempt the number of attempts that have failed, from 1
   * @param random the source of jitter; not used without jitter
   * @throws IllegalArgumentException if {@code attempt} is less than 1
   */
  public Duration delay(int attempt, RandomGenerator random) {
    if (attempt < 1) {
      throw new IllegalArgumentException("attempts count from 1, but this is " + attempt);
    }
    // In doubles: an overflow is infinity, and max bounds it. They are exact enough for a delay.
    double unbounded =
        nanos(first)
            * switch (growth) {
              case FIXED -> 1;
              case LINEAR -> attempt;
              case EXPONENTIAL -> Math.pow(factor, attempt - 1);
            };
    double delay = first.isZero() ? 0 : Math.min(unbounded, nanos(max));
    if (jitter == FULL_JITTER) {
      delay *= random.nextDouble();
    } else if (jitter > 0) {
      delay *= 1 + jitter * (2 * random.nextDouble() - 1);
    }
    return Duration.ofNanos((long) delay);
  }

  private static double nanos(Duration duration) {
    return duration.getSeconds() * 1e9 + duration.getNano();
  }
}
