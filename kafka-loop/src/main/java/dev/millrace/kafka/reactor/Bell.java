package dev.millrace.kafka.reactor;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Wakes one thread when there may be work for it. Any thread may ring; a ring never waits.
 *
 * <p>The one thread calls {@link #reset}, then looks for work, and if there is none, awaits the
 * next ring. Writers publish their work before they ring. So work whose ring came before the reset
 * is seen by the look after the reset, and a later ring ends the wait.
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
    awaitUntil(Time.nanoTime() + Long.MAX_VALUE / 2);
  }

  /** Waits for a ring, at most for this time. */
  void await(Duration longest) throws InterruptedException {
    awaitUntil(Time.nanoTime() + longest.toNanos());
  }

  /**
   * Waits for a ring, at most until the deadline.
   *
   * @param deadline as {@link System#nanoTime}
   */
  void awaitUntil(long deadline) throws InterruptedException {
    waiting = Thread.currentThread();
    try {
      for (long left; !rung && (left = deadline - Time.nanoTime()) > 0; ) {
        Time.parkNanos(this, left);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } finally {
      waiting = null;
    }
  }
}
