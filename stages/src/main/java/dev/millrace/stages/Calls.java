package dev.millrace.stages;

import dev.millrace.context.Context;
import dev.millrace.errors.NotedException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The questions that every decorator asks about a failed call. */
final class Calls {

  /**
   * What a predicate says of a failure.
   *
   * @param fits what it says, or the default if it has thrown
   * @param broken what the predicate has thrown; null if it has not
   */
  record Verdict(boolean fits, @Nullable RuntimeException broken) {

    /** The failure; with what the predicate has thrown as a note, if it has. */
    Exception of(Exception thrown) {
      return broken == null || broken == NotedException.bare(thrown)
          ? thrown
          : NotedException.of(thrown, broken);
    }
  }

  private Calls() {}

  /**
   * Whether the calling thread was told to stop: then a failure tells nothing of what was called.
   */
  static boolean areToStop() {
    return Thread.currentThread().isInterrupted() || Context.current().isCancelled();
  }

  /** What failed, without the number of attempts and the notes beside it. */
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
