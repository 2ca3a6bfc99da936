package dev.millrace.pipeline;

import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/**
 * Functions for stages, made from other functions. They fit every stage that takes a function:
 * {@code map}, {@code mapParallel}, {@code mapKeyed} and so on.
 *
 * <pre>{@code
 * pipe.mapParallel("price", 64, StageFunctions.onErrorReturn(this::price, Price.UNKNOWN))
 *     .mapParallel("wait", 64, StageFunctions.delay(Duration.ofSeconds(1)));
 * }</pre>
 *
 * <p>The methods are thread-safe. The functions are thread-safe if the functions in them are.
 */
public final class StageFunctions {

  private StageFunctions() {}

  /** Makes the result of an element for which a function has thrown. */
  @FunctionalInterface
  public interface Fallback<I, O> {
    /**
     * The result in place of the exception; never null. It may throw the exception, or another one:
     * the element then becomes a failure.
     *
     * @throws Exception any exception
     */
    O apply(I element, Exception thrown) throws Exception;
  }

  /**
   * Calls {@code function}; if it throws an exception, the result is {@code value}. The element
   * then counts as processed, not as failed. See {@link #onErrorResume} for exceptions that are
   * thrown on.
   */
  public static <I, O> StageFunction<I, O> onErrorReturn(
      StageFunction<? super I, ? extends O> function, O value) {
    Objects.requireNonNull(value, "value");
    return onErrorResume(function, (element, thrown) -> value);
  }

  /**
   * Calls {@code function}; if it throws an exception, calls {@code fallback} for the result.
   *
   * <p>Three kinds are thrown on: an {@link InterruptedException}, an exception after the context
   * of the run was cancelled, and an {@link Error}. For errors, see {@link Recovery}.
   */
  public static <I, O> StageFunction<I, O> onErrorResume(
      StageFunction<? super I, ? extends O> function, Fallback<? super I, ? extends O> fallback) {
    Objects.requireNonNull(function, "function");
    Objects.requireNonNull(fallback, "fallback");
    return element -> {
      try {
        return function.apply(element);
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        if (Thread.currentThread().isInterrupted() || Context.current().isCancelled()) {
          throw e;
        }
        return fallback.apply(element, e);
      }
    };
  }

  /**
   * Returns each element after {@code delay}. In {@code mapParallel} with a parallelism of
   * <i>n</i>, the stage keeps the order, holds up to <i>n</i> elements, and passes on up to
   * <i>n</i> in each {@code delay}. In {@code map}, each element waits for the one before it.
   *
   * @throws IllegalArgumentException if {@code delay} is not positive, or more than a hundred years
   */
  public static <T> StageFunction<T, T> delay(Duration delay) {
    long nanos = TimedTransforms.positive(delay, "the delay");
    return element -> {
      Time.sleep(Duration.ofNanos(nanos));
      return element;
    };
  }

  /**
   * The result of the future that the function returns: for stages that take no futures, and to put
   * {@code onErrorReturn} around it. The thread waits. An interrupt cancels the future. A failed
   * future throws its exception.
   */
  public static <I, O> StageFunction<I, O> awaiting(
      StageFunction<? super I, ? extends CompletionStage<? extends O>> function) {
    return element -> get(Transforms.result(function.apply(element)));
  }

  private static <R> R get(CompletionStage<? extends R> stage) throws Exception {
    var future = stage.toCompletableFuture();
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Exception cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
  }
}
