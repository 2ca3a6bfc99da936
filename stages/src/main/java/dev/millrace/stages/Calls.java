package dev.millrace.stages;

import dev.millrace.context.Context;
import dev.millrace.errors.NotedException;
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

  /** Whether the calling thread is to stop: then a failure says nothing about the callee. */
  static boolean areToStop() {
    return Thread.currentThread().isInterrupted() || Context.current().isCancelled();
  }

  /** The failure itself, without the number of attempts and the notes beside it. */
  static Exception cause(Exception thrown) {
    return NotedException.bare(thrown) instanceof Exception cause ? cause : thrown;
  }

  /**
   * Asks the predicate about the failure itself.
   *
   * @param otherwise the verdict if the predicate throws
   */
  static Verdict judge(
      Predicate<? super Exception> predicate, Exception thrown, boolean otherwise) {
    try {
      return new Verdict(predicate.test(cause(thrown)), null);
    } catch (RuntimeException e) {
      return new Verdict(otherwise, e);
    }
  }
}
