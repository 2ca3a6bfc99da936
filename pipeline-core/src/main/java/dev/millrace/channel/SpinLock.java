package dev.millrace.channel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock for a few dozen instructions.
 *
 * <p>No code of the user runs and nothing blocks while it is held, so a holder is gone within
 * nanoseconds unless the operating system takes its processor away. That is why a contender first
 * spins, and then yields, which lets the holder's thread run. What the lock guards extends it: one
 * object, one cache line.
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

  private void contend() {
    for (int spins = 0; ; spins++) {
      if ((int) HELD.getOpaque(this) == 0 && HELD.compareAndSet(this, 0, 1)) {
        return;
      }
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }
}
