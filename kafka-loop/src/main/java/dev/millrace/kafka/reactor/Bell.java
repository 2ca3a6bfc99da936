package dev.millrace.kafka.reactor;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Wakes one thread when there may be something to do. Any thread rings, and never waits.
 *
 * <p>The one thread {@link #reset resets} it, then looks what there is, and if there is nothing
 * awaits the next ring. What was there before a ring is seen by who looks after the reset.
 */
final class Bell {

  private volatile boolean rung;
  private volatile @Nullable Thread waiting;

  void ring() {
    if (!rung) {
      rung = true;
      LockSupport.unpark(waiting);
    }
  }

  void reset() {
    rung = false;
  }

  void await() throws InterruptedException {
    awaitUntil(System.nanoTime() + Long.MAX_VALUE / 2);
  }

  /** Waits for a ring, but not longer than that. */
  void await(Duration longest) throws InterruptedException {
    awaitUntil(System.nanoTime() + longest.toNanos());
  }

  /** Waits for a ring, but not beyond that {@link System#nanoTime}. */
  void awaitUntil(long deadline) throws InterruptedException {
    waiting = Thread.currentThread();
    try {
      for (long left; !rung && (left = deadline - System.nanoTime()) > 0; ) {
        LockSupport.parkNanos(this, left);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } finally {
      waiting = null;
    }
  }
}
