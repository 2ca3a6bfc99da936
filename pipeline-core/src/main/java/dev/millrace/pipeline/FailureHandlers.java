package dev.millrace.pipeline;

import dev.millrace.channel.SendChannel;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * What can be done with failures: for the handler of a run ({@link Pipeline#start(Engine, Context,
 * StageConsumer)}), or for a stage ({@link FailurePolicy#deadLetters}).
 *
 * <pre>{@code
 * var deadLetters = DeadLetterFile.json(path); // of dev.millrace.stages
 * job.start(
 *     engine,
 *     context,
 *     FailureHandlers.choose(
 *         failure -> Causes.find(failure.cause(), SQLException.class) != null,
 *         FailureHandlers.stop(),
 *         FailureHandlers.stopAfter(100, deadLetters)));
 * }</pre>
 *
 * <p>A handler slows the run down to its own pace. One that throws stops the run.
 *
 * <p>Safe for use by many threads, as far as the handlers that they are given are.
 */
public final class FailureHandlers {

  private FailureHandlers() {}

  /** Stops the run, with the failure's cause. */
  public static StageConsumer<Failure<?>> stop() {
    return failure -> {
      throw failure.toException();
    };
  }

  /** Forgets the failure; it stays in the counts of the run. */
  public static StageConsumer<Failure<?>> ignore() {
    return failure -> {};
  }

  /**
   * Sends the failures to a channel, which must be received from: the run waits while it has no
   * room. Its owner closes it when the run has ended, and a channel that is closed before that
   * stops the run with the next failure. A failure that comes when the context of the run is
   * cancelled is still sent if there is room.
   */
  public static StageConsumer<Failure<?>> send(SendChannel<? super Failure<?>> channel) {
    Objects.requireNonNull(channel, "channel");
    return failure -> {
      if (!channel.trySend(failure)) {
        channel.send(failure, Context.current());
      }
    };
  }

  /** Hands a failure that fits to {@code then}, another one to {@code otherwise}. */
  public static StageConsumer<Failure<?>> choose(
      Predicate<? super Failure<?>> fits,
      StageConsumer<? super Failure<?>> then,
      StageConsumer<? super Failure<?>> otherwise) {
    Objects.requireNonNull(fits, "fits");
    Objects.requireNonNull(then, "then");
    Objects.requireNonNull(otherwise, "otherwise");
    return failure -> {
      if (fits.test(failure)) {
        then.accept(failure);
      } else {
        otherwise.accept(failure);
      }
    };
  }

  /**
   * Hands the failures to {@code next}, and stops the run after {@code failures} of them, with the
   * last one's cause. It counts for as long as it lives: make one for each run.
   *
   * @param failures at least 1
   */
  public static StageConsumer<Failure<?>> stopAfter(
      int failures, StageConsumer<? super Failure<?>> next) {
    Pipe.atLeast(1, failures, "the number of failures");
    Objects.requireNonNull(next, "next");
    var count = new AtomicInteger();
    return failure -> {
      next.accept(failure);
      if (count.incrementAndGet() >= failures) {
        throw tooMany(failures, failure);
      }
    };
  }

  /**
   * Hands the failures to {@code next}, and stops the run when {@code failures} of them have come
   * within a time, with the last one's cause. It counts for as long as it lives: make one for each
   * run.
   *
   * @param failures at least 1
   */
  public static StageConsumer<Failure<?>> stopAfter(
      int failures, Duration within, StageConsumer<? super Failure<?>> next) {
    return new Limit(failures, within, next);
  }

  private static ExecutionException tooMany(int failures, Failure<?> last) {
    return new ExecutionException(
        "stopped by the number of failures, %d; the last: %s".formatted(failures, last),
        last.cause());
  }

  private static final class Limit implements StageConsumer<Failure<?>> {
    private final int failures;
    private final Duration within;
    private final StageConsumer<? super Failure<?>> next;
    private final Deque<Long> times = new ArrayDeque<>(); // the latest, failures - 1 at the most

    Limit(int failures, Duration within, StageConsumer<? super Failure<?>> next) {
      Pipe.atLeast(1, failures, "the number of failures");
      if (!within.isPositive()) {
        throw new IllegalArgumentException("the time must be positive, but is " + within);
      }
      this.failures = failures;
      this.within = within;
      this.next = Objects.requireNonNull(next, "next");
    }

    @Override
    public void accept(Failure<?> failure) throws Exception {
      next.accept(failure);
      if (isTooMany(System.nanoTime())) {
        throw tooMany(failures, failure);
      }
    }

    private synchronized boolean isTooMany(long now) {
      times.addLast(now);
      if (times.size() < failures) {
        return false;
      }
      long first = times.removeFirst();
      return Duration.ofNanos(now - first).compareTo(within) <= 0;
    }
  }
}
