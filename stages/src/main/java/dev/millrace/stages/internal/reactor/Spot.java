package dev.millrace.stages.internal.reactor;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Where one thread waits for a condition that others make true, and then signal. */
final class Spot {

  private volatile @Nullable Thread waiting;

  /** Waits until the condition is true. An interrupt makes it look again, and is forgotten. */
  void await(BooleanSupplier condition) {
    waiting = Thread.currentThread();
    while (!condition.getAsBoolean()) {
      LockSupport.park(this);
      Thread.interrupted(); // or the next park would not wait
    }
    waiting = null;
  }

  void signal() {
    Thread thread = waiting;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }
}
