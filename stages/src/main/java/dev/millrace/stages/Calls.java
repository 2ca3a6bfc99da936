package dev.millrace.stages;

import dev.millrace.context.Context;
import dev.millrace.errors.RetryException;
import java.util.function.Predicate;

/** What all who judge a failed call must ask. */
final class Calls {

  private Calls() {}

  /**
   * Whether the calling thread was told to stop: then a failure tells nothing of what was called.
   */
  static boolean areToStop() {
    return Thread.currentThread().isInterrupted() || Context.current().isCancelled();
  }

  /** What failed, without the count of the retries around it. */
  static Exception cause(Exception thrown) {
    return thrown instanceof RetryException && thrown.getCause() instanceof Exception cause
        ? cause
        : thrown;
  }

  /**
   * What the predicate says, or {@code otherwise} if it throws, which is suppressed in the failure.
   */
  static boolean fits(
      Predicate<? super Exception> predicate, Exception failure, boolean otherwise) {
    try {
      return predicate.test(failure);
    } catch (RuntimeException e) {
      if (e != failure) {
        failure.addSuppressed(e);
      }
      return otherwise;
    }
  }
}
