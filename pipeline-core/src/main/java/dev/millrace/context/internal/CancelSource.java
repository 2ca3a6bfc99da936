package dev.millrace.context.internal;

import dev.millrace.channel.Cancellation;

/**
 * Lets code of this library listen to a context: the cancelling thread itself calls the listener.
 * Every {@code Context} is a {@code CancelSource}. Thread-safe.
 *
 * <p>Interrupts and wake-ups of a cancellation use these listeners, not a virtual thread. A virtual
 * thread would first need a carrier. The threads that must be interrupted may keep all carriers
 * busy: the scheduler serves a carrier's own queue first, and two threads that wake each other keep
 * this queue full.
 */
public interface CancelSource {

  /** The registration of a listener. Thread-safe. */
  @FunctionalInterface
  interface Listening {
    /**
     * Unregisters the listener. Does not block. Returns true if this call prevents the listener
     * from running.
     */
    boolean stop();
  }

  /**
   * Runs {@code listener} when this context is cancelled, in the cancelling thread. For a deadline,
   * that is a platform thread of {@code Timers}. If the context is cancelled already, runs it in
   * the calling thread. All descendants of the context are cancelled before the listener runs.
   *
   * <p>The listener must not throw, block, or run code of the user: the canceller and all other
   * listeners wait for it.
   */
  Listening listen(Runnable listener);

  /** Like {@link #listen(Runnable)}. The cancellation must be a context. */
  static Listening listen(Cancellation context, Runnable listener) {
    return ((CancelSource) context).listen(listener);
  }
}
