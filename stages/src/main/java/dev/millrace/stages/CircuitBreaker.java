package dev.millrace.stages;

import dev.failsafe.CircuitBreakerBuilder;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * Stops calling a function that fails again and again, and tries it anew after a while.
 *
 * <pre>{@code
 * var breaker = CircuitBreaker.of(5, ofSeconds(30));
 * pipe.mapParallel("price", 16, breaker.around(this::livePrice, this::lastKnownPrice));
 * }</pre>
 *
 * <p>While the breaker is <i>closed</i> every call goes through. When there are too many failures
 * it <i>opens</i>: for some time no call goes through; the fallback answers, or each fails with a
 * {@link CircuitOpenException}. Then it is <i>half open</i>: one call goes through, and its result
 * closes the breaker, or opens it for the same time again. The fallback answers only for calls that
 * are not made; the failure of a call that was made is thrown.
 *
 * <p>The exceptions of the function count, an {@link Error} included. Interrupts do not count: they
 * say nothing about the callee, so a cancelled run does not open the breaker. Only if an interrupt
 * ends the one call of a half-open breaker, the breaker opens again. So put a {@link Timeout}
 * inside the breaker, where it is an exception. A call that began before the breaker opened does
 * not count after that.
 *
 * <p>Thread-safe. One breaker stands for one callee: all functions that it is put around, of
 * whatever stage or run, share its state. Nothing blocks; a call costs some hundred nanoseconds;
 * the exception of a call that is not made has no stack trace. The states are kept by Failsafe; the
 * pattern is that of Michael T. Nygard, "Release It!", 2007.
 */
public final class CircuitBreaker {

  /** Whether calls are made. */
  public enum State {
    /** Calls are made. */
    CLOSED,
    /** No call is made. */
    OPEN,
    /** One call is made: its outcome closes or opens the breaker. */
    HALF_OPEN
  }

  private final dev.failsafe.CircuitBreaker<Object> breaker;
  private final Predicate<? super Exception> counts;

  private CircuitBreaker(
      dev.failsafe.CircuitBreaker<Object> breaker, Predicate<? super Exception> counts) {
    this.breaker = breaker;
    this.counts = Objects.requireNonNull(counts, "counts");
  }

  /**
   * A breaker that opens after this number of failures in a row.
   *
   * @param failures at least 1
   * @param openFor the time in which no call is made after that; not zero
   */
  public static CircuitBreaker of(int failures, Duration openFor) {
    atLeastOne(failures, "the number of failures");
    return build(builder(openFor).withFailureThreshold(failures));
  }

  /**
   * A breaker that opens when too large a share of the calls within some time has failed.
   *
   * @param percent of the calls, 1 to 100
   * @param minimumCalls how many calls there must have been
   * @param within the time that is looked at; it is forgotten by tenths
   * @param openFor the time in which no call is made after that; not zero
   */
  public static CircuitBreaker ofRate(
      int percent, int minimumCalls, Duration within, Duration openFor) {
    atLeastOne(minimumCalls, "the number of calls");
    if (percent < 1 || percent > 100) {
      throw new IllegalArgumentException(
          "the failure rate must be between 1 and 100 percent, but is " + percent);
    }
    if (within.compareTo(Duration.ofMillis(10)) < 0) {
      throw new IllegalArgumentException(
          "the time that is looked at must be at least 10 ms, but is " + within);
    }
    return build(builder(openFor).withFailureRateThreshold(percent, minimumCalls, within));
  }

  private static void atLeastOne(int value, String what) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " must be at least 1, but is " + value);
    }
  }

  private static CircuitBreakerBuilder<Object> builder(Duration openFor) {
    if (!openFor.isPositive()) {
      throw new IllegalArgumentException(
          "the time for which a breaker is open must be positive, but is " + openFor);
    }
    return dev.failsafe.CircuitBreaker.builder().withDelay(openFor);
  }

  private static CircuitBreaker build(CircuitBreakerBuilder<Object> builder) {
    return new CircuitBreaker(builder.withSuccessThreshold(1).build(), failure -> true);
  }

  /**
   * The same breaker, with the same state, for which only those exceptions count that fit. If the
   * predicate throws, the failure counts, and the exception of the predicate is a note beside it,
   * in a {@link dev.millrace.errors.NotedException}.
   */
  public CircuitBreaker onlyIf(Predicate<? super Exception> counts) {
    return new CircuitBreaker(breaker, counts);
  }

  /** Whether the next call is made. Open until a call comes, even if the time has passed. */
  public State state() {
    return switch (breaker.getState()) {
      case CLOSED -> State.CLOSED;
      case OPEN -> State.OPEN;
      case HALF_OPEN -> State.HALF_OPEN;
    };
  }

  /** The function with the breaker around it; while it is open, elements fail. */
  public <I, O> StageFunction<I, O> around(StageFunction<? super I, ? extends O> function) {
    return around(
        function,
        element -> {
          throw new CircuitOpenException(breaker.getRemainingDelay());
        });
  }

  /** The function with the breaker around it; while it is open, {@code fallback} is called. */
  public <I, O> StageFunction<I, O> around(
      StageFunction<? super I, ? extends O> function,
      StageFunction<? super I, ? extends O> fallback) {
    StageFunction<I, O> whole = Calls.whole(function);
    Objects.requireNonNull(fallback, "fallback");
    return element -> breaker.tryAcquirePermit() ? call(whole, element) : fallback.apply(element);
  }

  private <I, O> O call(StageFunction<? super I, ? extends O> function, I element)
      throws Exception {
    boolean probe = breaker.isHalfOpen();
    boolean succeeded = false;
    boolean unknown = false;
    try {
      O result = function.apply(element);
      succeeded = true;
      return result;
    } catch (InterruptedException e) {
      unknown = true;
      throw e;
    } catch (Exception e) {
      unknown = Calls.areToStop();
      if (unknown) {
        throw e;
      }
      Calls.Verdict verdict = Calls.judge(counts, e, true);
      succeeded = !verdict.fits();
      throw verdict.of(e);
    } finally {
      if (probe || (breaker.isClosed() && !unknown)) {
        record(succeeded);
      }
    }
  }

  private void record(boolean succeeded) {
    if (succeeded) {
      breaker.recordSuccess();
    } else {
      breaker.recordFailure();
    }
  }
}
