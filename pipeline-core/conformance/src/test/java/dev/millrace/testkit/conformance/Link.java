package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Node;
import dev.millrace.pipeline.graph.Node.Overflow;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The elements that wait between two stages. All links of a run have one lock. */
final class Link {

  /** Returned when the time is over. */
  static final Object LATE = new Object();

  private final Object lock;
  private final int capacity;
  private final Deque<Object> elements = new ArrayDeque<>();
  private final Set<Worker> writers = new HashSet<>();
  private boolean isEnded;
  private boolean isLeft;
  private int least;
  private Runnable onLeave = () -> {};

  /**
   * A link.
   *
   * @param capacity in elements
   * @param least how many elements must wait before the reader gets the first one
   */
  Link(Object lock, int capacity, int least) {
    this.lock = lock;
    this.capacity = capacity;
    this.least = least;
  }

  // For writers

  /** A thread that is to stop when the reader leaves. */
  void addWriter(Worker worker) {
    synchronized (lock) {
      writers.add(worker);
      if (isLeft) {
        worker.leave();
      }
    }
  }

  /** The action when the reader leaves. */
  void onLeave(Runnable action) {
    synchronized (lock) {
      onLeave = action;
      if (isLeft) {
        action.run();
      }
    }
  }

  void removeWriter(Worker worker) {
    synchronized (lock) {
      writers.remove(worker);
    }
  }

  boolean isLeft() {
    synchronized (lock) {
      return isLeft;
    }
  }

  boolean hasRoom() {
    synchronized (lock) {
      return !isLeft && elements.size() < capacity;
    }
  }

  /** Waits for room; false if the reader has left. */
  boolean put(Worker worker, Object element, Account account) {
    synchronized (lock) {
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
    }
  }

  /** Drops one of the elements, if there is no room; false if the reader has left. */
  boolean put(Worker worker, Object element, Account account, Node.Buffer<Object> buffer) {
    synchronized (lock) {
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
    }
  }

  private boolean add(Object element) {
    if (!isLeft) {
      elements.add(element);
      lock.notifyAll();
    }
    return !isLeft;
  }

  void end() {
    synchronized (lock) {
      isEnded = true;
      lock.notifyAll();
    }
  }

  // For the one who reads

  /** Waits for an element; {@link #LATE} if there was none until then, null after the last one. */
  @Nullable Object take(Worker worker, Account account, long until) {
    synchronized (lock) {
      boolean isInTime = await(worker, account, until);
      Object element = elements.poll();
      lock.notifyAll();
      return element == null && !isInTime ? LATE : element;
    }
  }

  /** Waits for an element, and leaves it there; false after the last one. */
  boolean awaitElement(Worker worker, Account account) {
    synchronized (lock) {
      await(worker, account, Long.MAX_VALUE);
      return !elements.isEmpty();
    }
  }

  private boolean await(Worker worker, Account account, long until) {
    if (hasElements() || isEnded) {
      worker.check();
      return true;
    }
    account.waitsForInput();
    try {
      while (!hasElements() && !isEnded) {
        if (!await(worker, until)) {
          return false;
        }
      }
      return true;
    } finally {
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
    synchronized (lock) {
      if (!isLeft) {
        isLeft = true;
        onLeave.run();
      }
      writers.forEach(Worker::leave);
      lock.notifyAll();
    }
  }

  private boolean await(Worker worker, long until) {
    worker.check();
    long left = until == Long.MAX_VALUE ? Long.MAX_VALUE : until - System.nanoTime();
    if (left <= 0) {
      return false;
    }
    try {
      TimeUnit.NANOSECONDS.timedWait(lock, left);
    } catch (InterruptedException e) {
      worker.check(); // otherwise it was meant for a function, and came late
    }
    return true;
  }
}
