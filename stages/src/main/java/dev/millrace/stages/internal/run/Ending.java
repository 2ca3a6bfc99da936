package dev.millrace.stages.internal.run;

import dev.millrace.errors.Descriptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * How a run ends: with the result of its sink, with a failure, or cancelled.
 *
 * <p>Several of these can happen at nearly the same time. The rules, in this order:
 *
 * <ol>
 *   <li>A failure that comes before the context is cancelled is the end.
 *   <li>A sink that has finished gives the result, even if the run is cancelled meanwhile. If
 *       something fails after that, such as a close, then the first such failure is the end.
 *   <li>Otherwise the run was cancelled, with the cause of its context.
 *   <li>A result does not count if the run was given up with threads that are alive.
 * </ol>
 *
 * <p>All other failures are suppressed in the exception that {@link #result} throws. Each call
 * throws a new exception. Nothing is ever added to an exception of the user.
 *
 * <p>Thread-safe.
 */
final class Ending<R extends @Nullable Object> {

  /** The most failures that are kept beside the first one. */
  private static final int MOST = 64;

  /** A failure that becomes the end when the elements under way have reached the sink. */
  record Pending(Throwable cause, String what) {}

  private final List<Throwable> others = new ArrayList<>(); // guarded by this, as all below
  private int forgotten;
  private @Nullable Throwable failure;
  private String message = "";
  private List<Throwable> notes = List.of();
  private @Nullable Pending pending;
  private boolean finished;
  private @Nullable R result;

  /** The sink has finished. */
  synchronized void finished(R value) {
    result = value;
    finished = true;
  }

  /**
   * Something has failed.
   *
   * @param notes suppressed in the exception of {@link #result}, if this failure is the end
   * @param cancelled whether the context of the run was cancelled before
   */
  synchronized void failed(Throwable cause, String what, List<Throwable> notes, boolean cancelled) {
    if (failure == null && (finished || !cancelled)) {
      failure = cause;
      message = what;
      this.notes = notes;
    } else {
      aside(cause);
    }
  }

  /**
   * A source has failed, and the run is to drain first.
   *
   * @return whether it is the first one
   */
  synchronized boolean failsAtEnd(Throwable cause, String what) {
    if (pending != null) {
      aside(cause);
      return false;
    }
    pending = new Pending(cause, what);
    return true;
  }

  /** Whether a failure decides the end. */
  synchronized boolean hasFailed() {
    return failure != null;
  }

  synchronized @Nullable Pending pending() {
    return pending;
  }

  /**
   * An exception that does not decide the end: it is suppressed in the exception of {@link
   * #result}.
   */
  synchronized void aside(Throwable thrown) {
    if (thrown == failure) {
      return;
    }
    if (others.size() < MOST) {
      others.add(thrown);
    } else {
      forgotten++;
    }
  }

  /** The run has ended, but threads of it are alive: their work is missing. */
  synchronized void givenUp() {
    finished = false;
    result = null;
  }

  /**
   * The result, once the run has ended.
   *
   * @param cancellation the cause of the run's context when it ended
   */
  @SuppressWarnings("NullAway") // null is a result if R is nullable
  synchronized R result(@Nullable Throwable cancellation) throws ExecutionException {
    if (failure != null) {
      throw complete(new ExecutionException("the run failed: " + message, failure));
    }
    if (finished) {
      return result;
    }
    var exception =
        new CancellationException("the run was cancelled: " + Descriptions.ofCause(cancellation));
    exception.initCause(cancellation);
    throw complete(exception);
  }

  private <E extends Exception> E complete(E exception) {
    notes.forEach(exception::addSuppressed);
    for (Throwable other : others) {
      if (other != failure) {
        exception.addSuppressed(other);
      }
    }
    if (pending != null && pending.cause() != failure) { // it was cancelled while it drained
      exception.addSuppressed(pending.cause());
    }
    if (forgotten > 0) {
      exception.addSuppressed(new Exception("%d more exceptions were thrown".formatted(forgotten)));
    }
    return exception;
  }
}
