package dev.millrace.stages;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RetryPolicy;
import dev.millrace.clock.internal.Time;
import dev.millrace.errors.Backoff;
import dev.millrace.errors.NotedException;
import dev.millrace.errors.RetryException;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Calls a function again when it has failed, after a delay.
 *
 * <pre>{@code
 * Retry.of(Backoff.exponential(ofMillis(100), ofSeconds(5)).withFullJitter(), 4)
 *     .onlyIf(IOException.class::isInstance)
 *     .around(this::lookup)
 * }</pre>
 *
 * <p>When a retry gives up, it throws a {@link RetryException}. {@link
 * dev.millrace.errors.Failure#of} takes the number of attempts and the last cause from this
 * exception. After a single attempt, the retry throws the exception of the function itself. Nothing
 * is added to an exception of the function. An {@link Error}, an interrupt and a cancelled context
 * end the retry at once, and are thrown unchanged. The thread blocks between two attempts.
 *
 * <p>If the function returns a {@link java.util.concurrent.CompletionStage}, an attempt lasts until
 * it is complete, and its outcome is the outcome of the attempt. The caller gets the completed
 * future. A function that returns a publisher is refused with an {@link IllegalStateException} that
 * says what to return instead; the other decorators refuse it too.
 *
 * <p>Immutable, and thread-safe. A call that succeeds at once costs about a microsecond; the work
 * is done by Failsafe.
 */
public final class Retry {

  private final Backoff backoff;
  private final int maxAttempts;
  private final Predicate<? super Exception> retryable;
  private final FailsafeExecutor<Object> executor;

  private Retry(Backoff backoff, int maxAttempts, Predicate<? super Exception> retryable) {
    this.backoff = Objects.requireNonNull(backoff, "backoff");
    this.retryable = Objects.requireNonNull(retryable, "retryable");
    if (maxAttempts < 1) {
      throw new IllegalArgumentException(
          "there must be at least 1 attempt, but are to be " + maxAttempts);
    }
    this.maxAttempts = maxAttempts;
    this.executor =
        Failsafe.with(
            RetryPolicy.builder().handle(Retryable.class).withMaxAttempts(maxAttempts).build());
  }

  /**
   * Retries every exception but an interrupt.
   *
   * @param maxAttempts how often the function is called at the most, the first time included
   * @throws IllegalArgumentException if {@code maxAttempts} is less than 1
   */
  public static Retry of(Backoff backoff, int maxAttempts) {
    return new Retry(backoff, maxAttempts, failure -> true);
  }

  /**
   * The same for the exceptions that fit; others are final. If the predicate throws, the failure is
   * final, and the exception of the predicate is a note beside it, in a {@link NotedException}.
   */
  public Retry onlyIf(Predicate<? super Exception> retryable) {
    return new Retry(backoff, maxAttempts, retryable);
  }

  /** The function with retries around it. */
  public <I, O> StageFunction<I, O> around(StageFunction<? super I, ? extends O> function) {
    StageFunction<I, O> whole = Calls.whole(function);
    return element -> {
      var attempts = new Attempts<I, O>(whole, element);
      try {
        return executor.get(attempts::next);
      } catch (Failed e) {
        throw attempts.end(e.failure);
      } catch (FailsafeException e) {
        throw attempts.interrupted();
      }
    };
  }

  /** Waits before the next attempt. Not done by Failsafe: it reads a clock of its own. */
  private void pause(int failed) throws InterruptedException {
    Duration delay = backoff.delay(failed, ThreadLocalRandom.current());
    if (delay.isPositive()) {
      Time.sleep(delay);
    }
  }

  /**
   * Carries a failure through the library. The library's own predicates swallow exceptions, and
   * know nothing of interrupts.
   */
  private static class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    final Exception failure;

    Failed(Exception failure) {
      super(null, null, false, false);
      this.failure = failure;
    }
  }

  /** One after which the library makes another attempt, if there may be one. */
  private static final class Retryable extends Failed {
    private static final long serialVersionUID = 1L;

    Retryable(Exception failure) {
      super(failure);
    }
  }

  /** The attempts for one element, by one thread. */
  private final class Attempts<I, O> {
    private final StageFunction<? super I, ? extends O> function;
    private final I element;
    private int made;
    private int failed;

    /** The exception of the last attempt, with the notes beside it. */
    private @Nullable Exception last;

    Attempts(StageFunction<? super I, ? extends O> function, I element) {
      this.function = function;
      this.element = element;
    }

    O next() throws InterruptedException {
      if (failed > 0) {
        pause(failed);
      }
      made++;
      try {
        return function.apply(element);
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        if (e instanceof RetryException inner) {
          made += inner.attempts() - 1;
        }
        last = e;
        failed++;
        if (Calls.areToStop()) {
          throw new Failed(e);
        }
        Calls.Verdict verdict = Calls.judge(retryable, e, false);
        throw verdict.fits() ? new Retryable(e) : new Failed(verdict.of(e));
      }
    }

    Exception end(Exception failure) {
      return made == 1 ? failure : new RetryException(made, failure);
    }

    /** In the function, or between two attempts: the library has set the flag of the thread. */
    InterruptedException interrupted() {
      boolean _ = Thread.interrupted();
      var interrupt = new InterruptedException("interrupted in attempt " + made);
      if (last != null) {
        interrupt.addSuppressed(Calls.cause(last));
      }
      return interrupt;
    }
  }
}
