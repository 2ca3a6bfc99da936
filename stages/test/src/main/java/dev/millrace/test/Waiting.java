package dev.millrace.test;

import dev.millrace.errors.Descriptions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The place where the threads of a run notify a test of an event. One lock guards the state of all
 * parts of a probe. Thread-safe.
 */
final class Waiting {

  /** The counts of a run change without a signal: they are read again after this time, in ms. */
  private static final long LOOK = 5;

  final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Reads the state with the lock held. */
  <T> T read(Supplier<T> state) {
    lock.lock();
    try {
      return state.get();
    } finally {
      lock.unlock();
    }
  }

  /** Changes the state with the lock held, and wakes up all threads that wait here. */
  void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      signal();
    } finally {
      lock.unlock();
    }
  }

  /** Wakes up all threads that wait here. The caller holds the lock. */
  void signal() {
    changed.signalAll();
  }

  /** Waits while the condition holds. The caller holds the lock. */
  void awaitWhile(BooleanSupplier holds) throws InterruptedException {
    while (holds.getAsBoolean()) {
      changed.await();
    }
  }

  /**
   * Waits until the condition holds. Calls the condition with the lock held.
   *
   * @param state the text of the error: the missing condition, and the state of the run
   * @throws AssertionError if the condition does not hold in time
   */
  void until(Duration atMost, BooleanSupplier holds, Supplier<String> state)
      throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    lock.lockInterruptibly();
    try {
      while (!holds.getAsBoolean()) {
        if (System.nanoTime() - deadline > 0) {
          String time = Descriptions.ofDuration(atMost);
          throw new AssertionError("after " + time + ": " + state.get());
        }
        boolean _ = changed.await(LOOK, TimeUnit.MILLISECONDS);
      }
    } finally {
      lock.unlock();
    }
  }
}
