package dev.millrace.sync;

import dev.millrace.errors.NotedException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The failures of tasks: the first ones in full, and the number of all. Guarded by the monitor of
 * the owner.
 */
final class Failures {

  /** The largest number of kept failures: about 1.5 MB, at 1.5 KB for a failure with two traces. */
  static final int MAX_KEPT = 1_000;

  private final List<NotedException> kept = new ArrayList<>();
  private long count;

  /**
   * Calls the handler with the failure. Returns the exception of the handler, with the failure as a
   * note; null if it has not thrown.
   */
  static @Nullable NotedException handle(
      Consumer<? super NotedException> handler, NotedException failure) {
    try {
      handler.accept(failure);
      return null;
    } catch (Throwable e) {
      return NotedException.of(e, failure);
    }
  }

  void add(NotedException failure, int maxKept) {
    count++;
    if (kept.size() < maxKept) {
      kept.add(failure);
    }
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** The kept failures, in the order in which their tasks ended. */
  List<NotedException> kept() {
    return List.copyOf(kept);
  }

  /** Tells the number of failures, and the number of failures that are not kept. */
  String message() {
    String tasks = count == 1 ? "a task failed" : count + " tasks failed, this is the first";
    long dropped = count - kept.size();
    return dropped == 0 ? tasks : tasks + "; " + dropped + " of the failures were not kept";
  }

  /** The failure that was added first, as {@link #toException(NotedException)}. */
  ExecutionException toException() {
    return toException(kept.getFirst());
  }

  /** This failure as the cause; its notes and the other failures are suppressed. */
  ExecutionException toException(NotedException first) {
    var exception = new ExecutionException(message(), first.getCause());
    first.notes().forEach(exception::addSuppressed);
    kept.stream().filter(other -> other != first).forEach(exception::addSuppressed);
    return exception;
  }
}
