package dev.millrace.context.internal;

import dev.millrace.context.Context;

/**
 * A context, as the code of this library listens to it: without a thread between the cancellation
 * and the listener. Every {@link Context} is one. Thread-safe.
 *
 * <p>Interrupts and wake-ups that a cancellation causes take this way. A virtual thread would need
 * a carrier first, and the carriers may be kept busy by the very threads that are to be
 * interrupted: the scheduler serves a carrier's own queue first, and two threads that wake each
 * other keep that queue full.
 */
public interface CancelSource {

  /**
   * Runs {@code listener} once this context is cancelled: in the thread that cancels it, which for
   * a deadline is a platform thread of {@code Timers}; or in the calling thread, if it is cancelled
   * already. All descendants of the context are cancelled by then.
   *
   * <p>The listener must not throw, must not block, and must not run code of the user: the
   * canceller and all other listeners wait for it.
   */
  Context.Registration listen(Runnable listener);

  /** As {@link #listen(Runnable)}. */
  static Context.Registration listen(Context context, Runnable listener) {
    return ((CancelSource) context).listen(listener);
  }
}
