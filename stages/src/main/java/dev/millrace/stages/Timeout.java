package dev.millrace.stages;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * Limits how long a function may take for an element.
 *
 * <p>The function runs in a child of the current context that has the deadline. When it passes,
 * that context is cancelled and the thread is interrupted; so calls that obey a context end, and
 * calls that obey an interrupt. The call then fails with a {@link TimeoutException}, whose cause is
 * the exception of the function. A function that ignores both and returns late fails as well, when
 * it returns: no call is left behind. An {@link Error} is thrown as it is.
 *
 * <p>If the function returns a {@link java.util.concurrent.CompletionStage}, the call lasts until
 * it is complete. The timeout cancels the future.
 *
 * <p>Immutable and thread-safe. A call costs about a microsecond more.
 */
public final class Timeout {

  private final Duration limit;

  private Timeout(Duration limit) {
    this.limit = limit;
  }

  /**
   * A timeout after {@code limit}.
   *
   * @throws IllegalArgumentException if {@code limit} is not positive
   */
  public static Timeout of(Duration limit) {
    if (!limit.isPositive()) {
      throw new IllegalArgumentException("a timeout must be positive, but is " + limit);
    }
    return new Timeout(limit);
  }

  /** The function with the timeout around it. */
  public <I, O> StageFunction<I, O> around(StageFunction<? super I, ? extends O> function) {
    StageFunction<I, O> whole = Calls.whole(function);
    return element -> {
      Context outer = Context.current();
      try (var inner = outer.withTimeout(limit)) {
        return new Call(outer, inner).call(whole, element);
      }
    };
  }

  /** A call, with the lock for interrupts of its thread. */
  private final class Call {
    private final Context outer;
    private final CancellableContext inner;
    private final Thread thread = Thread.currentThread();
    private boolean returned; // guarded by this
    private boolean interrupted; // guarded by this

    Call(Context outer, CancellableContext inner) {
      this.outer = outer;
      this.inner = inner;
    }

    <I, O> O call(StageFunction<? super I, ? extends O> function, I element) throws Exception {
      CancelSource.Listening registration = CancelSource.listen(inner, this::interrupt);
      O result;
      try {
        result = inner.call(() -> function.apply(element));
      } catch (Exception e) {
        if (isTooLate()) {
          var timeout = timeout();
          timeout.initCause(e);
          throw timeout;
        }
        throw e;
      } finally {
        registration.stop();
        end();
      }
      if (isTooLate()) {
        throw timeout();
      }
      return result;
    }

    /** If the outer context was cancelled too, then that is why the function has ended. */
    private boolean isTooLate() {
      return inner.cause() instanceof DeadlineExceededException && !outer.isCancelled();
    }

    private TimeoutException timeout() {
      return new TimeoutException("the function took longer than " + limit);
    }

    private synchronized void interrupt() {
      if (!returned && isTooLate()) {
        interrupted = true;
        thread.interrupt();
      }
    }

    /**
     * From here on the timeout does not interrupt the thread any more, and its interrupt is
     * cleared. An engine cancels the context of a run before it interrupts, so its interrupt is not
     * mistaken for the timeout's.
     */
    private synchronized void end() {
      returned = true;
      if (interrupted && Thread.interrupted() && outer.isCancelled()) {
        thread.interrupt();
      }
    }
  }
}
