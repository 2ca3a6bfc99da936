package dev.millrace.pipeline;

import dev.millrace.channel.SendChannel;
import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Ready-made failure handlers: for a run ({@link Pipeline#start(Engine, Context, StageConsumer)}),
 * or for a stage ({@link FailurePolicy#deadLetters}).
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
 * <p>A handler that blocks slows the run down. A handler that throws stops the run.
 *
 * <p>The handlers are thread-safe if the handlers, predicates and channels that they are made of
 * are thread-safe.
 */
public final class FailureHandlers {

  private FailureHandlers() {}

  /**
   * One stage with a handler for its own failures; the handler gets them with the type of the
   * elements that enter the stage. The stages after it have the failure policy of the pipe before
   * it.
   *
   * <pre>{@code
   * orders.through(
   *     FailureHandlers.ofStage(
   *         failure -> returnToSender(failure.element()), // an Order
   *         in -> in.mapParallel("book", 8, this::book)));
   * }</pre>
   *
   * @param handler as that of {@link FailurePolicy#deadLetters(StageConsumer)}
   * @param stage adds exactly one stage to its pipe
   * @throws IllegalArgumentException when the pipe is built, if it adds several stages or none
   */
  public static <T, R> Function<Pipe<T>, Pipe<R>> ofStage(
      StageConsumer<? super Failure<T>> handler, Function<Pipe<T>, Pipe<R>> stage) {
    Objects.requireNonNull(handler, "handler");
    Objects.requireNonNull(stage, "stage");
    return pipe -> {
      FailurePolicy policy = FailurePolicy.deadLetters(failure -> handler.accept(typed(failure)));
      Pipe<R> built = Objects.requireNonNull(stage.apply(pipe.onFailure(policy)), "stage");
      if (!built.node.inputs().equals(List.of(pipe.node))) {
        throw new IllegalArgumentException(
            "a handler of one stage needs exactly one stage, but '%s' does not follow '%s' at once: give each stage a handler of its own"
                .formatted(built.node.name(), pipe.node.name()));
      }
      return built.onFailure(pipe.policy);
    };
  }

  @SuppressWarnings("unchecked") // the only stage takes elements of this type
  private static <T> Failure<T> typed(Failure<?> failure) {
    return (Failure<T>) failure;
  }

  /** Stops the run with the failure's cause. */
  public static StageConsumer<Failure<?>> stop() {
    return failure -> {
      throw failure.toException();
    };
  }

  /** Ignores the failure; the report still counts it. */
  public static StageConsumer<Failure<?>> ignore() {
    return failure -> {};
  }

  /**
   * Sends each failure to a channel. Blocks while the channel has no room, so a receiver must take
   * the failures. The owner of the channel closes it after the run has ended. If the channel is
   * closed earlier, the next failure stops the run. If the run's context is already cancelled, a
   * failure is still sent if the channel has room.
   */
  public static StageConsumer<Failure<?>> send(SendChannel<? super Failure<?>> channel) {
    Objects.requireNonNull(channel, "channel");
    return failure -> {
      if (!channel.trySend(failure)) {
        channel.send(failure, Context.current());
      }
    };
  }

  /** Gives a failure to {@code then} if the predicate is true, else to {@code otherwise}. */
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
   * Gives each failure to {@code next}. Stops the run after {@code failures} failures, with the
   * cause of the last one. The handler never resets its count: make a new handler for each run.
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
   * Gives each failure to {@code next}. Stops the run when {@code failures} failures have come
   * within {@code within}, with the cause of the last one. The handler never resets its count: make
   * a new handler for each run.
   *
   * @param failures at least 1
   */
  public static StageConsumer<Failure<?>> stopAfter(
      int failures, Duration within, StageConsumer<? super Failure<?>> next) {
    return new Limit(failures, within, next);
  }

  private static ExecutionException tooMany(int failures, Failure<?> last) {
    return new ExecutionException(
        "stopped after %d failures; the last: %s".formatted(failures, last), last.cause());
  }

  private static final class Limit implements StageConsumer<Failure<?>> {
    private final int failures;
    private final Duration within;
    private final StageConsumer<? super Failure<?>> next;
    private final Deque<Long> times =
        new ArrayDeque<>(); // of the latest failures; at most failures - 1

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
      if (isTooMany(Time.nanoTime())) {
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
