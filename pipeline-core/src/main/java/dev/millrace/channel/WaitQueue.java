package dev.millrace.channel;

import org.jspecify.annotations.Nullable;

/**
 * The waiters of one side of a channel, first come first served. Guarded by the channel's lock.
 *
 * <p>The queue also keeps a few used waiters, each for the thread that created it. A thread that
 * returns finds its own waiter, and allocates nothing. A thread that calls a method of this class
 * does not wait, so its waiter is free.
 */
abstract class WaitQueue extends SpinLock {

  /** Enough for eight threads with successive ids that take turns; a power of two. */
  private static final int KEPT = 8;

  private @Nullable Waiter head;
  private @Nullable Waiter tail;
  private int waiting;
  private @Nullable Waiter @Nullable [] kept;

  final int waiting() {
    return waiting;
  }

  final boolean nobodyWaits() {
    return head == null;
  }

  /** A waiter for the calling thread; not yet in the queue. */
  final Waiter waiter() {
    Thread thread = Thread.currentThread();
    long id = thread.threadId();
    @Nullable Waiter[] waiters = kept;
    if (waiters == null) {
      waiters = new @Nullable Waiter[KEPT];
      kept = waiters;
    }
    int slot = (int) id & KEPT - 1;
    Waiter waiter = waiters[slot];
    if (waiter == null || waiter.threadId != id) {
      waiter = new Waiter();
      waiter.threadId = id;
      waiters[slot] = waiter;
    }
    waiter.begin(thread);
    return waiter;
  }

  final void add(Waiter waiter) {
    Waiter last = tail;
    waiter.previous = last;
    if (last == null) {
      head = waiter;
    } else {
      last.next = waiter;
    }
    tail = waiter;
    waiting++;
  }

  /** Takes the first waiter that can be served; null if there is none. */
  final @Nullable Waiter poll() {
    for (Waiter first; (first = head) != null; ) {
      unlink(first);
      if (first.claim()) {
        return first;
      }
    }
    return null;
  }

  /** Takes a waiter out, wherever it stands; false if it is not in this queue any more. */
  final boolean remove(Waiter waiter) {
    if (waiter.previous == null && head != waiter) {
      return false;
    }
    unlink(waiter);
    return true;
  }

  private void unlink(Waiter waiter) {
    Waiter before = waiter.previous;
    Waiter after = waiter.next;
    if (before == null) {
      head = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      tail = before;
    } else {
      after.previous = before;
    }
    waiter.previous = null;
    waiter.next = null;
    waiting--;
  }
}
