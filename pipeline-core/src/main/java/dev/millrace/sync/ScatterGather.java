package dev.millrace.sync;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.errors.NotedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Calls several functions at once: takes all answers within a budget, or the first answer of
 * replicas.
 *
 * <pre>{@code
 * var answers =
 *     ScatterGather.within(context, Duration.ofMillis(80), List.of(this::web, this::images));
 * Page page = ScatterGather.first(context, List.of(replica1::get, replica2::get));
 * }</pre>
 *
 * <p>Each function runs in a virtual thread, in a child of the context. When the budget is used up,
 * or the first answer has come, the others are interrupted, and the call returns when they have
 * ended: nothing runs behind the caller's back. A function that ignores its interrupt holds the
 * call up; put it into {@link DetachedCalls} where the caller must be freed.
 *
 * <p>Thread-safe; without state. A call costs a task group and a virtual thread per function, some
 * microseconds.
 */
public final class ScatterGather {

  /**
   * The answer of one function. Immutable; thread-safe if its value is.
   *
   * @param <T> the type of the values
   */
  public sealed interface Answer<T> {

    /** A value, in time. */
    record Value<T>(T value) implements Answer<T> {}

    /** A failure, in time; the cause is the exception of the function, unchanged. */
    record Failed<T>(Throwable cause) implements Answer<T> {}

    /** Nothing within the budget: the function was interrupted. */
    record Missing<T>() implements Answer<T> {}
  }

  /**
   * The answers of all functions within the budget. Immutable; thread-safe if its values are.
   *
   * @param all one for each function, in the order of the functions
   * @param <T> the type of the values
   */
  public record Answers<T>(List<Answer<T>> all) {

    /** Copies the list. */
    public Answers {
      all = List.copyOf(all);
    }

    /** The values, in the order of the functions. */
    public List<T> values() {
      List<T> values = new ArrayList<>();
      for (Answer<T> answer : all) {
        if (answer instanceof Answer.Value<T>(T value)) {
          values.add(value);
        }
      }
      return values;
    }

    /** The exceptions, in the order of the functions. */
    public List<Throwable> failures() {
      List<Throwable> failures = new ArrayList<>();
      for (Answer<T> answer : all) {
        if (answer instanceof Answer.Failed<T>(Throwable cause)) {
          failures.add(cause);
        }
      }
      return failures;
    }

    /** Whether every function has given a value. */
    public boolean isComplete() {
      return values().size() == all.size();
    }
  }

  /** A message of a task: an answer, or an error, which ends the call. */
  private record Arrival<T>(int index, @Nullable Answer<T> answer, @Nullable Error error) {
    Answer<T> get() {
      if (error != null) {
        throw error;
      }
      return Objects.requireNonNull(answer);
    }
  }

  private ScatterGather() {}

  /**
   * Calls all functions, and keeps the answers that come within {@code budget}. Blocks until all
   * have answered, or the budget is used up and the rest has ended.
   *
   * @param budget for all functions together. An earlier deadline of the context is the budget then
   * @param functions none returns null
   * @throws CancellationException if the context is cancelled, other than by its deadline
   * @throws InterruptedException if the thread is interrupted; the functions have ended then
   * @throws Error if a function has thrown it
   */
  public static <T> Answers<T> within(
      Context context, Duration budget, List<? extends Callable<? extends T>> functions)
      throws InterruptedException {
    List<Answer<T>> answers = new ArrayList<>();
    for (int i = 0; i < functions.size(); i++) {
      answers.add(new Answer.Missing<>());
    }
    try (var limited = context.withTimeout(budget);
        var group = TaskGroup.open(limited)) {
      Channel<Arrival<T>> arrivals = scatter(group, functions);
      try {
        for (int i = 0; i < functions.size(); i++) {
          Arrival<T> arrival = arrivals.receive(limited);
          answers.set(arrival.index, arrival.get());
        }
      } catch (CancellationException e) {
        if (!(limited.cause() instanceof DeadlineExceededException)) {
          throw e;
        }
        for (Arrival<T> late; (late = arrivals.tryReceive()) != null; ) { // there in time
          answers.set(late.index, late.get());
        }
      }
    }
    return new Answers<>(answers);
  }

  /**
   * Calls all functions, and returns the value that comes first. Failures are ignored while others
   * may still answer.
   *
   * @param functions at least one; none returns null
   * @throws ExecutionException if all functions have thrown: the cause is the first failure, as it
   *     was thrown; the others are suppressed
   * @throws CancellationException if the context is done before there is a value
   * @throws InterruptedException if the thread is interrupted; the functions have ended then
   * @throws IllegalArgumentException if there is no function
   */
  public static <T> T first(Context context, List<? extends Callable<? extends T>> functions)
      throws InterruptedException, ExecutionException {
    if (functions.isEmpty()) {
      throw new IllegalArgumentException("there is no function to call");
    }
    List<Throwable> failures = new ArrayList<>();
    try (var group = TaskGroup.open(context)) {
      Channel<Arrival<T>> arrivals = scatter(group, functions);
      for (int i = 0; i < functions.size(); i++) {
        switch (arrivals.receive(context).get()) {
          case Answer.Value<T>(T value) -> {
            return value;
          }
          case Answer.Failed<T>(Throwable cause) -> failures.add(cause);
          case Answer.Missing<T> missing -> throw new AssertionError(missing);
        }
      }
    }
    var exception =
        new ExecutionException(
            failures.size() == 1
                ? "the function failed"
                : "all %d functions failed, this is the first".formatted(failures.size()),
            failures.removeFirst());
    failures.forEach(failure -> exception.addSuppressed(NotedException.of(failure)));
    throw exception;
  }

  /** Starts all; the channel has room for all answers, so that no task waits. */
  private static <T> Channel<Arrival<T>> scatter(
      TaskGroup group, List<? extends Callable<? extends T>> functions)
      throws InterruptedException {
    Channel<Arrival<T>> arrivals = Channel.buffered(functions.size());
    for (int i = 0; i < functions.size(); i++) {
      int index = i;
      Callable<? extends T> function = Objects.requireNonNull(functions.get(i), "function");
      var _ =
          group.fork(
              () -> {
                Arrival<T> arrival;
                try {
                  T value = notNull(function.call(), index);
                  arrival = new Arrival<>(index, new Answer.Value<>(value), null);
                } catch (Exception e) {
                  group.context().throwIfCancelled(); // then that is why it has failed
                  arrival = new Arrival<>(index, new Answer.Failed<>(e), null);
                } catch (Error e) {
                  arrival = new Arrival<>(index, null, e);
                }
                return arrivals.trySend(arrival);
              });
    }
    return arrivals;
  }

  private static <T> T notNull(@Nullable T value, int index) {
    return Objects.requireNonNull(value, () -> "function " + index + " has returned null");
  }
}
