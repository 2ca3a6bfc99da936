package dev.millrace.kafka;

import dev.millrace.kafka.internal.properties.Checks;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Pauses a loop while the system behind its handlers is down, instead of using up the attempts of
 * its records. Immutable and thread-safe.
 *
 * <pre>{@code
 * .breaker(LoopBreaker.when(e -> e instanceof SQLTransientException)
 *     .failures(5)                      // in a row; or rate(50, 20, Duration.ofSeconds(10))
 *     .delay(Duration.ofSeconds(10))
 *     .probe(() -> store.isUp()))       // optional
 * }</pre>
 *
 * <p>The breaker counts the failures that the predicate selects. When there are too many, it opens:
 * no handler starts, for first and for later attempts. After {@link #delay} it is half open, and
 * the {@link #probe} is called. Without a probe, one record is handed out. A success closes the
 * breaker, a failure that the predicate selects opens it again. Other failures count as successes,
 * because the system has answered.
 *
 * <p>A selected failure uses no attempt of {@link dev.millrace.kafka.builder.LoopBuilder#retry},
 * and makes no dead letter, while the breaker is not closed. While it is closed, the first failures
 * of a record use no attempt either: as many as the breaker needs to open. So the records that show
 * that the system is down are spared, too, and a record that fails alone does not come back for
 * ever.
 *
 * @param isDown selects the failures which show that the system is down
 * @param failures the number of failures in a row that opens the breaker; 0 with a rate
 * @param percent of the attempts in {@code within} that must fail; 0 without a rate
 * @param atLeast the least number of attempts in {@code within}; 0 without a rate
 * @param within the time over which the rate is measured; zero without a rate
 * @param delay the time from opening to the next trial
 * @param probe returns true if the system is up; null to try with a record
 */
public record LoopBreaker(
    Predicate<? super Throwable> isDown,
    int failures,
    int percent,
    int atLeast,
    Duration within,
    Duration delay,
    @Nullable Callable<Boolean> probe) {

  /** The states of a breaker. */
  public enum State {
    /** Records are handed out. */
    CLOSED,
    /** No record is handed out. */
    OPEN,
    /** The probe is running, or one record was handed out as a trial. */
    HALF_OPEN
  }

  /** Checks the parts. */
  public LoopBreaker {
    Objects.requireNonNull(isDown, "isDown");
    Objects.requireNonNull(within, "within");
    Checks.positive("the delay of a breaker", delay);
  }

  /**
   * A breaker for the failures that this predicate selects. It opens after 5 of them in a row, for
   * 10 seconds. If the predicate throws, the loop stops.
   */
  public static LoopBreaker when(Predicate<? super Throwable> isDown) {
    return new LoopBreaker(isDown, 5, 0, 0, Duration.ZERO, Duration.ofSeconds(10), null);
  }

  /**
   * Opens after this number of selected failures in a row, of any records.
   *
   * @throws IllegalArgumentException if the number is below 1
   */
  public LoopBreaker failures(int inARow) {
    int checked = Checks.positive("the number of failures of a breaker", inARow);
    return new LoopBreaker(isDown, checked, 0, 0, Duration.ZERO, delay, probe);
  }

  /**
   * Opens when this share of the attempts within some time has failed.
   *
   * @param share in percent, 1 to 100
   * @param minimum how many attempts there must have been
   * @param time over which the share is measured, at least 10 ms
   * @throws IllegalArgumentException if a number is out of its range
   */
  public LoopBreaker rate(int share, int minimum, Duration time) {
    if (share < 1 || share > 100) {
      throw new IllegalArgumentException(
          "the failure rate of a breaker must be between 1 and 100 percent, but is " + share);
    }
    int checked = Checks.positive("the number of attempts of a breaker", minimum);
    if (time.compareTo(Duration.ofMillis(10)) < 0) {
      throw new IllegalArgumentException(
          "the time over which a breaker measures must be at least 10 ms, but is " + time);
    }
    return new LoopBreaker(isDown, 0, share, checked, time, delay, probe);
  }

  /**
   * The time from opening to the next trial.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public LoopBreaker delay(Duration time) {
    return new LoopBreaker(isDown, failures, percent, atLeast, within, time, probe);
  }

  /**
   * Asks the system itself, instead of trying with a record. The function is called in a virtual
   * thread, one call at a time, and may block. If it returns false or throws, the breaker opens
   * again. A call that goes on when the loop ends is interrupted.
   */
  public LoopBreaker probe(Callable<Boolean> isUp) {
    Objects.requireNonNull(isUp, "isUp");
    return new LoopBreaker(isDown, failures, percent, atLeast, within, delay, isUp);
  }
}
