package dev.millrace.channel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock for a few dozen instructions.
 *
 * <p>No code of the user runs and nothing blocks while it is held, so a holder is gone within
 * nanoseconds unless the operating system takes its processor away. That is why a contender first
 * spins, and then yields, which lets the holder's thread run; how often it spins was measured, see
 * docs/benchmarks. What the lock guards extends it: one object, one cache line.
 *
 * <p>A thread that holds one of these locks must not yield, and so takes a second one by {@link
 * #lockSoon} only, and gives up the first if that fails. A virtual thread that yields leaves its
 * carrier. If the carriers are then kept by virtual threads that contend for its lock, and yield to
 * each other only, it may never come back: the scheduler serves a carrier's own queue first, and
 * that queue never becomes empty.
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

  private void contend() {
    if (!spin()) {
      do {
        Thread.yield();
      } while (!attempt());
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
