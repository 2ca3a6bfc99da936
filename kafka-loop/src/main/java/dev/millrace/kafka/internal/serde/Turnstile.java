package dev.millrace.kafka.internal.serde;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** A lock that notifies threads that did not wait for it when they may try again. Thread-safe. */
public final class Turnstile {

  private final ReentrantLock lock = new ReentrantLock();
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  /** Waits until it is free. */
  public void enter() throws InterruptedException {
    lock.lockInterruptibly();
  }

  /** Waits until it is free, at most for the patience. Returns whether the thread has entered. */
  public boolean enter(Duration patience) throws InterruptedException {
    return lock.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS);
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
