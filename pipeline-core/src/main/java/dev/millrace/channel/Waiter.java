package dev.millrace.channel;

import dev.millrace.clock.internal.Time;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A thread that waits for one operation on one channel, as a node of that channel's queue.
 *
 * <p>The channel's lock guards every field except {@link #state}, which the owner and the
 * completing thread share without the lock. The owner changes it from WAITING to PARKED before it
 * parks. The completing thread writes {@link #item}, then DONE or CLOSED, and unparks the owner
 * only if the state was PARKED. After that it does not touch the waiter any more. With compressed
 * references, a waiter takes 40 bytes.
 */
class Waiter implements Patience.Completion {

  static final int WAITING = 0;
  static final int PARKED = 1;
  static final int DONE = 2;
  static final int CLOSED = 3;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Waiter.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The thread to wake; null while no thread waits. */
  @Nullable Thread thread;

  /**
   * The id of the thread that the waiter is kept for. A reference to the thread would keep it from
   * the garbage collector.
   */
  long threadId;

  /** The element to send, or the element received. */
  @Nullable Object item;

  @Nullable Waiter previous;
  @Nullable Waiter next;

  volatile int state;

  /**
   * Links the calls of this class in advance. Linking takes much stack, so it must not happen under
   * a lock.
   */
  static void link() {
    var waiter = new Waiter();
    waiter.begin(Thread.currentThread());
    waiter.announcePark();
    waiter.complete(DONE);
    waiter.end();
  }

  /** Begins a wait of the calling thread. */
  void begin(Thread owner) {
    thread = owner;
    result(WAITING);
  }

  /** Writes the state with a plain store; a later write of the caller publishes it. */
  final void result(int result) {
    STATE.set(this, result);
  }

  /** Ends the wait, clears the fields, and returns the item. */
  @Nullable Object end() {
    Object result = item;
    item = null;
    thread = null;
    return result;
  }

  /** Whether the operation was completed. */
  @Override
  public boolean isComplete() {
    return state >= DONE;
  }

  /** Announces that the owner is about to park; false if the operation was completed. */
  boolean announcePark() {
    return STATE.compareAndSet(this, WAITING, PARKED) || !isComplete();
  }

  /**
   * Called by the other side, under the lock, before it completes this waiter's operation; false if
   * the owner has already been served elsewhere.
   */
  boolean claim() {
    return true;
  }

  /**
   * Completes the operation, as DONE or CLOSED; under the lock.
   *
   * @return the thread to unpark, once the lock is released; null if there is no need
   */
  @Nullable Thread complete(int result) {
    Thread owner = thread;
    return (int) STATE.getAndSet(this, result) == PARKED ? owner : null;
  }

  /** Parks; the owner has announced it. {@code deadline} is a nanoTime, 0 for none. */
  static boolean parkUntil(Object blocker, long deadline) {
    if (deadline == 0) {
      LockSupport.park(blocker);
      return true;
    }
    long left = deadline - Time.nanoTime();
    if (left <= 0) {
      return false;
    }
    Time.parkNanos(blocker, left);
    return deadline - Time.nanoTime() > 0;
  }
}
