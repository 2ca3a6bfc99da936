package dev.millrace.stages;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A call in a virtual thread of its own, as in an engine. */
record Running<T>(Thread thread, FutureTask<T> result, AtomicBoolean interruptKept) {

  static <T> Running<T> start(Callable<T> body) {
    var kept = new AtomicBoolean();
    var result =
        new FutureTask<>(
            () -> {
              try {
                return body.call();
              } finally {
                kept.set(Thread.currentThread().isInterrupted());
              }
            });
    return new Running<>(Thread.ofVirtual().start(result), result, kept);
  }

  /** Whether the thread waits, so that an interrupt would end its wait. */
  boolean isBlocked() {
    return switch (thread.getState()) {
      case WAITING, TIMED_WAITING -> true;
      default -> false;
    };
  }

  /** Waits for the result; throws the exception of the call. */
  T get() throws Exception {
    try {
      return result.get(50, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Exception cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
  }
}
