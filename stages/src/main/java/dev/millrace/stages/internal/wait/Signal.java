package dev.millrace.stages.internal.wait;

import dev.millrace.clock.internal.Time;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A place where one thread waits until a condition holds that other threads make true.
 *
 * <p>The waiting thread may change from wait to wait; at most one waits at a time. Any thread may
 * signal. A signal that meets no waiting thread costs a fence and a read, and is not remembered.
 * Only the condition decides; a signal makes the waiting thread look at it.
 */
public final class Signal {

  /*
   * The protocol
   * ============
   *
   * Two parties meet at two variables. A signaller writes the condition, and the waiting thread
   * reads it. The waiting thread writes the field `waiter`, and signallers read it.
   *
   *        waiting thread                        signaller
   *        --------------                        ---------
   *   (1)  waiter = this thread             (a)  make the condition true
   *   (2)  full fence                       (b)  full fence
   *   (3)  condition true?  -> return       (c)  waiter == null?  -> return
   *   (4)  waiter == null?  -> go to (1)    (d)  thread = waiter.getAndSet(null)
   *   (5)  park                             (e)  unpark(thread)
   *   (6)  go to (1)
   *
   * 1. No wake-up is lost. Each party writes, and then reads the other party's variable, as in
   *    Dekker's algorithm. A processor may let the read overtake the write; the fences (2) and (b)
   *    forbid that. So at least one of the two reads sees the other party's write: the waiting
   *    thread sees the condition in (3), or the signaller sees the thread in (c). Without (2) or
   *    without (b) both could miss, and the thread would park with its condition true. A volatile
   *    write and a volatile read are ordered as well. The fence is for conditions that are written
   *    with release and read with acquire, such as the indices of a ring.
   *
   * 2. One signaller unparks. Of several that see the thread in (c), the first takes it in (d), and
   *    the others find null. So a producer that puts many elements while its consumer is on its
   *    way to a processor unparks it once.
   *
   * 3. (d) is atomic, not a read and a write. A signaller can be delayed between (c) and (d) until
   *    the thread that it saw has left, and another one waits. With two steps it would clear the
   *    second thread and unpark the first. The second thread would be parked with `waiter` null,
   *    and no signaller would ever look for it.
   *
   * 4. (4) is the last step before (5). A condition may take a lock, and a wait for a lock consumes
   *    the permit of an earlier unpark. But (d) comes before (e): if the permit is gone, then
   *    `waiter` is null, and the thread does not park. Between (4) and (5) no permit is consumed.
   *
   * 5. A signaller that finds null because of another signaller's (d) may leave. That other one is
   *    about to unpark the thread, which then goes to (1) and looks after its fence. The read of
   *    null was before that (1), so by the argument of 1 the thread sees both conditions.
   *
   * Interrupts are no signals. They end a park and are cleared, because with the flag set the next
   * park would return at once, and the thread would spin. The check of the waiting thread learns of
   * it, and decides whether to give up.
   */

  /** The deadline of a wait without one. */
  public static final long NEVER = Long.MAX_VALUE;

  private static final VarHandle WAITER =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "waiter", VarHandle.class, Signal.class, Thread.class);

  /**
   * Whether a wait goes on: called in the waiting thread before each park, and after it.
   *
   * @param <E> the exception that gives up the wait
   */
  @FunctionalInterface
  public interface Check<E extends Exception> {
    /**
     * Returns if the wait goes on.
     *
     * @param interrupted whether an interrupt has ended the park; the thread's flag is clear
     */
    void check(boolean interrupted) throws E;
  }

  /** A park costs a thousand times as much as counting it. */
  private static final LongAdder PARKS = new LongAdder();

  /**
   * The thread that waits, or is about to. Set by that thread; cleared by the signaller that
   * unparks it, with an atomic exchange, or by the thread itself when the wait has ended.
   */
  private volatile @Nullable Thread waiter;

  /** Without a waiting thread. */
  public Signal() {}

  // The waiting thread

  /** Waits until the condition holds, without spinning; nothing gives the wait up. */
  public void await(BooleanSupplier condition) {
    await(WaitStrategy.PARK, condition, interrupted -> {});
  }

  /**
   * Waits until the condition holds.
   *
   * @param strategy how the thread spins before it parks for the first time
   * @param condition read after a full fence; may take locks
   */
  public <E extends Exception> void await(
      WaitStrategy strategy, BooleanSupplier condition, Check<E> check) throws E {
    var _ = awaitUntil(NEVER, strategy, condition, check);
  }

  /**
   * Like {@link #await(WaitStrategy, BooleanSupplier, Check)}, with a deadline.
   *
   * @param deadline a {@link System#nanoTime}, or {@link #NEVER}
   * @return false if the deadline has passed
   */
  public <E extends Exception> boolean awaitUntil(
      long deadline, WaitStrategy strategy, BooleanSupplier condition, Check<E> check) throws E {
    strategy.spin();
    try {
      while (true) {
        waiter = Thread.currentThread();
        VarHandle.fullFence();
        if (condition.getAsBoolean()) {
          return true;
        }
        long left = deadline == NEVER ? NEVER : deadline - Time.nanoTime();
        if (left <= 0) {
          return false;
        }
        check.check(false);
        park(left);
        check.check(Thread.interrupted());
      }
    } finally {
      waiter = null;
    }
  }

  private void park(long nanos) {
    if (waiter == null) { // signalled since; nothing that consumes a permit stands after this
      return;
    }
    PARKS.increment();
    if (nanos == NEVER) {
      LockSupport.park(this);
    } else {
      Time.parkNanos(this, nanos);
    }
  }

  /** The number of parks in this JVM, in all signals. For tests of the cost of a run. */
  public static long parks() {
    return PARKS.sum();
  }

  // Signallers

  /** The thread that waits, or is about to; null if there is none. Of the past. */
  public @Nullable Thread waiter() {
    return waiter;
  }

  /**
   * Whether a thread waits, or is about to, and was not unparked yet. To rely on true, the caller
   * needs a full fence between its own last write and this call.
   */
  public boolean isAwaited() {
    return waiter != null;
  }

  /** Wakes the waiting thread, if there is one. The caller has made the condition true before. */
  public void signal() {
    VarHandle.fullFence();
    signalAfterFence();
  }

  /**
   * Like {@link #signal}, for a caller that already has a full fence, or an atomic update, between
   * its change of the condition and this call.
   */
  public void signalAfterFence() {
    if (waiter != null) {
      LockSupport.unpark((Thread) WAITER.getAndSet(this, null));
    }
  }
}
