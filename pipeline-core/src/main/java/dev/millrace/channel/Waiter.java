package dev.millrace.channel;

import org.jspecify.annotations.Nullable;

/**
 * A thread that waits for one operation on one channel, as a node of that channel's queue.
 *
 * <p>Every field is guarded by the channel's lock but {@link #state}, which the owner also reads
 * without it: whoever completes the operation writes {@link #item} first and {@link #state} last.
 * With compressed references a waiter takes 32 bytes.
 */
class Waiter {

  static final int WAITING = 0;
  static final int DONE = 1;
  static final int CLOSED = 2;

  /** Whom to wake. */
  @Nullable Thread thread;

  /** The element to send, or the element received. */
  @Nullable Object item;

  @Nullable Waiter previous;
  @Nullable Waiter next;

  volatile int state;

  /**
   * Called by the other side, under the lock, before it completes this waiter's operation; false if
   * the owner has already been served elsewhere.
   */
  boolean claim() {
    return true;
  }
}
