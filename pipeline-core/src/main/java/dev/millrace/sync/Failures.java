package dev.millrace.sync;

import dev.millrace.errors.NotedException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What tasks have thrown: the first failures in full, and the number of all. Guarded by the monitor
 * of its owner.
 */
final class Failures {

  /** How many failures are kept at most: about 1.5 MB, at 1.5 KB for a failure with two traces. */
  static final int MAX_KEPT = 1_000;

  private final List<NotedException> kept = new ArrayList<>();
  private long count;

  /** Hands the failure to the handler; what the handler has thrown, with the failure as a note. */
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

  /** Those that were kept, in the order in which their tasks ended. */
  List<NotedException> kept() {
    return List.copyOf(kept);
  }

  /** Says how many failures there were, and how many of them are not kept. */
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
