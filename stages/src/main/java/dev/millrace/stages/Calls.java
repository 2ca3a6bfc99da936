package dev.millrace.stages;

import dev.millrace.context.Context;
import dev.millrace.errors.NotedException;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.pipeline.StageFunctions;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The questions that every decorator asks about a failed call. */
final class Calls {

  /**
   * The verdict of a predicate on a failure.
   *
   * @param fits its answer, or the default if it has thrown
   * @param broken the exception of the predicate; null if there is none
   */
  record Verdict(boolean fits, @Nullable RuntimeException broken) {

    /** The failure, with the exception of the predicate as a note, if there is one. */
    Exception of(Exception thrown) {
      return broken == null || broken == NotedException.bare(thrown)
          ? thrown
          : NotedException.of(thrown, broken);
    }
  }

  private Calls() {}

  private static final StageFunction<CompletionStage<?>, Object> OUTCOME =
      StageFunctions.awaiting(stage -> stage);

  /**
   * The function, with a call that lasts until the future that it returns is complete, if it
   * returns one. The failure of the future is the exception of the call. An interrupt cancels the
   * future. A publisher as the result is refused.
   */
  static <I, O> StageFunction<I, O> whole(StageFunction<? super I, ? extends O> function) {
    Objects.requireNonNull(function, "function");
    return element -> {
      O result = function.apply(element);
      if (result instanceof CompletionStage<?> future) {
        var _ = OUTCOME.apply(future);
      } else if (result instanceof Flow.Publisher<?> || isReactive(result)) {
        throw new PublisherException(result);
      }
      return result;
    };
  }

  /** The class of Reactive Streams, which is an optional dependency; null if it is not there. */
  private static final @Nullable Class<?> REACTIVE = reactive();

  private static @Nullable Class<?> reactive() {
    try {
      return Class.forName("org.reactivestreams.Publisher");
    } catch (ClassNotFoundException e) {
      return null;
    }
  }

  private static boolean isReactive(@Nullable Object result) {
    return REACTIVE != null && REACTIVE.isInstance(result);
  }

  /**
   * The function has returned a publisher. That is a mistake in the program: no decorator tries the
   * call again, or counts it.
   */
  private static final class PublisherException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    PublisherException(Object publisher) {
      super(
          "the function has returned a publisher, "
              + publisher.getClass().getName()
              + ", which does its work only after the call: Retry, Timeout, CircuitBreaker, Hedge"
              + " and Bulkhead would have no effect. Return mono.toFuture(), or"
              + " flux.collectList().toFuture(), and use mapAsync; or return mono.block()");
    }
  }

  /** Whether the calling thread is to stop: then a failure says nothing about the callee. */
  static boolean areToStop() {
    return Thread.currentThread().isInterrupted() || Context.current().isCancelled();
  }

  /** The failure itself, without the number of attempts and the notes beside it. */
  static Exception cause(Exception thrown) {
    return NotedException.bare(thrown) instanceof Exception cause ? cause : thrown;
  }

  /**
   * Asks the predicate about the failure itself. A refused publisher never fits.
   *
   * @param otherwise the verdict if the predicate throws
   */
  static Verdict judge(
      Predicate<? super Exception> predicate, Exception thrown, boolean otherwise) {
    if (thrown instanceof PublisherException) {
      return new Verdict(false, null);
    }
    try {
      return new Verdict(predicate.test(cause(thrown)), null);
    } catch (RuntimeException e) {
      return new Verdict(otherwise, e);
    }
  }
}
