package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.ledger.Account;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The elements that wait between two stages. All links of a run have one lock. */
final class Link {

  /** Returned when the time is over. */
  static final Object LATE = new Object();

  private final ReferenceRun<?> run;
  private final ReentrantLock lock;
  private final Condition changed;
  private final int capacity;
  private final Deque<Object> elements = new ArrayDeque<>();
  private final Set<Worker> writers = new HashSet<>();
  private boolean isEnded;
  private boolean isLeft;
  private boolean isAwaited;
  private int least;
  private Runnable onLeave = () -> {};

  /**
   * A link.
   *
   * @param changed what both sides wait for; links may share it
   * @param capacity in elements
   * @param least how many elements must wait before the reader gets the first one
   */
  Link(ReferenceRun<?> run, Condition changed, int capacity, int least) {
    this.run = run;
    this.lock = run.lock;
    this.changed = changed;
    this.capacity = capacity;
    this.least = least;
  }

  // For writers

  /** A thread that is to stop when the reader leaves. */
  void addWriter(Worker worker) {
    lock.lock();
    try {
      writers.add(worker);
      if (isLeft) {
        worker.leave();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The action when the reader leaves. */
  void onLeave(Runnable action) {
    lock.lock();
    try {
      onLeave = action;
      if (isLeft) {
        action.run();
      }
    } finally {
      lock.unlock();
    }
  }

  void removeWriter(Worker worker) {
    lock.lock();
    try {
      writers.remove(worker);
    } finally {
      lock.unlock();
    }
  }

  boolean isLeft() {
    lock.lock();
    try {
      return isLeft;
    } finally {
      lock.unlock();
    }
  }

  boolean hasRoom() {
    lock.lock();
    try {
      return !isLeft && elements.size() < capacity;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the reader waits for an element, and gets the next one at once. */
  boolean isIdle() {
    lock.lock();
    try {
      return !isLeft && isAwaited && elements.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for room; false if the reader has left. */
  boolean put(Worker worker, Object element, Account account) {
    lock.lock();
    try {
      if (!hasRoom() && !isLeft) {
        account.waitsForOutput();
        try {
          while (!hasRoom() && !isLeft) {
            await(worker, Long.MAX_VALUE);
          }
        } finally {
          account.hasOutput();
        }
      }
      return add(element);
    } finally {
      lock.unlock();
    }
  }

  /** Drops one of the elements, if there is no room; false if the reader has left. */
  boolean put(Worker worker, Object element, Account account, Node.Buffer<Object> buffer) {
    lock.lock();
    try {
      if (buffer.overflow() == Overflow.WAIT || hasRoom() || isLeft) {
        return put(worker, element, account);
      }
      account.dropped();
      Object dropped = element;
      if (buffer.overflow() == Overflow.DROP_OLDEST) {
        dropped = elements.removeFirst();
        add(element);
      }
      buffer.onDrop().accept(dropped);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean add(Object element) {
    if (!isLeft) {
      elements.add(element);
      changed.signalAll();
    }
    return !isLeft;
  }

  void end() {
    lock.lock();
    try {
      isEnded = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // For the one who reads

  /** Waits for an element; {@link #LATE} if there was none until then, null after the last one. */
  @Nullable Object take(Worker worker, Account account, long until) {
    lock.lock();
    try {
      boolean isInTime = await(worker, account, until);
      Object element = elements.poll();
      changed.signalAll();
      return element == null && !isInTime ? LATE : element;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for an element, and leaves it there; false after the last one. */
  boolean awaitElement(Worker worker, Account account) {
    lock.lock();
    try {
      await(worker, account, Long.MAX_VALUE);
      return !elements.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  private boolean await(Worker worker, Account account, long until) {
    if (hasElements() || isEnded) {
      worker.check();
      return true;
    }
    account.waitsForInput();
    isAwaited = true;
    changed.signalAll();
    try {
      while (!hasElements() && !isEnded) {
        if (!await(worker, until)) {
          return false;
        }
      }
      return true;
    } finally {
      isAwaited = false;
      account.hasInput();
    }
  }

  private boolean hasElements() {
    if (elements.size() < least) {
      return false;
    }
    least = 1;
    return true;
  }

  /** The reader wants no more. */
  void leave() {
    lock.lock();
    try {
      if (!isLeft) {
        isLeft = true;
        onLeave.run();
      }
      writers.forEach(Worker::leave);
      run.wakeAll();
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the callers wait in loops
  private boolean await(Worker worker, long until) {
    worker.check();
    try {
      if (until == Long.MAX_VALUE) {
        changed.await(); // without a timer for each element
        return true;
      }
      long left = until - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      var _ = changed.awaitNanos(left);
    } catch (InterruptedException e) {
      worker.check(); // otherwise it was meant for a function, and came late
    }
    return true;
  }
}
