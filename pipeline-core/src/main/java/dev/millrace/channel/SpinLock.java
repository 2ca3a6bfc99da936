package dev.millrace.channel;

import dev.millrace.channel.internal.StackReserve;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock for a few dozen instructions.
 *
 * <p>While it is held, no code of the user runs and nothing blocks. So the holder releases it
 * within nanoseconds, unless the operating system takes its processor away. Therefore a contender
 * first spins, and then yields, so that the holder can run. The number of spins was measured, see
 * docs/benchmarks. The guarded class extends the lock: one object, one cache line.
 *
 * <p>An error between lock and unlock would leave the lock held, or the channel half changed. Two
 * errors can come. Memory may run out: code under the lock that allocates is in a {@code finally}
 * and changes nothing before. And the stack may overflow: each operation calls {@link
 * StackReserve#ensure} before its first lock, and overflows there or not at all.
 *
 * <p>A thread that holds one of these locks must not yield. So the thread takes a second lock only
 * by {@link #lockSoon}, and releases the first lock if that call fails. The reason: a virtual
 * thread that yields leaves its carrier. The virtual threads that contend for its lock may then
 * keep all carriers, and yield only to each other. The scheduler serves a carrier's own queue
 * first, and that queue never becomes empty. So the holder may never run again.
 */
abstract class SpinLock extends Padding {

  private static final VarHandle HELD;

  static {
    try {
      HELD = MethodHandles.lookup().findVarHandle(SpinLock.class, "held", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final int SPINS = 64;

  @SuppressWarnings("unused") // through HELD
  private volatile int held;

  final void lock() {
    if (!HELD.compareAndSet(this, 0, 1)) {
      contend();
    }
  }

  final void unlock() {
    HELD.setRelease(this, 0);
  }

  /** Locks, if that is possible without a yield; for a thread that holds another lock. */
  final boolean lockSoon() {
    return HELD.compareAndSet(this, 0, 1) || spin();
  }

  /**
   * Links the calls of this class in advance. Linking takes much stack, so it must not happen under
   * a lock.
   */
  final void link() {
    lock();
    unlock();
    if (attempt()) {
      unlock();
    }
  }

  private void contend() {
    if (!spin()) {
      do {
        giveWay();
      } while (!attempt());
    }
  }

  /**
   * Yields, if possible. To leave its carrier, a virtual thread needs stack for each of its frames.
   * A deep thread may lack this stack although it has plenty for everything else; then it does not
   * yield.
   */
  static void giveWay() {
    try {
      Thread.yield();
    } catch (StackOverflowError e) {
      Thread.onSpinWait();
    }
  }

  private boolean spin() {
    for (int spins = 0; spins < SPINS; spins++) {
      if (attempt()) {
        return true;
      }
      Thread.onSpinWait();
    }
    return false;
  }

  private boolean attempt() {
    return (int) HELD.getOpaque(this) == 0 && HELD.compareAndSet(this, 0, 1);
  }
}
