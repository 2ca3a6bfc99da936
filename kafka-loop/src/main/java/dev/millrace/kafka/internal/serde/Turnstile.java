package dev.millrace.kafka.internal.serde;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;

/** A lock that notifies threads that did not wait for it when they may try again. Thread-safe. */
/*
 * Most threads hold it for less than a microsecond. A virtual thread that parks must be woken, and
 * then waits behind all virtual threads that are ready, which may take milliseconds. Meanwhile more
 * threads park behind it, and their patience ends although the lock was free most of the time. So a
 * thread spins first, and then lets the others run, and parks only if the holder is really slow.
 */
public final class Turnstile {

  /** The number of tries before a thread yields, and then before it parks. */
  private static final int SPINS = 50;

  private static final int YIELDS = 8;

  private final ReentrantLock lock = new ReentrantLock();
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  /** Waits until it is free. */
  public void enter() throws InterruptedException {
    lock.lockInterruptibly();
  }

  /** Waits until it is free, at most for the patience. Returns whether the thread has entered. */
  public boolean enter(Duration patience) throws InterruptedException {
    for (int i = 0; i < SPINS + YIELDS; i++) {
      if (lock.tryLock()) {
        return true;
      }
      if (i < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
    return Time.tryLock(lock, patience.toNanos());
  }

  /** Calls the action once, when the turnstile may be free. Any thread may call it. */
  public void whenFree(Runnable action) {
    waiting.add(action);
    if (!lock.isLocked()) { // the thread that left may not have seen it
      tell();
    }
  }

  public void leave() {
    lock.unlock();
    tell();
  }

  private void tell() {
    for (Runnable each; (each = waiting.poll()) != null; ) {
      each.run();
    }
  }
}
