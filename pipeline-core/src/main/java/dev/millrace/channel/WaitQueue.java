package dev.millrace.channel;

import org.jspecify.annotations.Nullable;

/** The waiters of one side of a channel, first come first served. Guarded by the channel's lock. */
final class WaitQueue {

  private @Nullable Waiter head;
  private @Nullable Waiter tail;
  private int size;

  int size() {
    return size;
  }

  boolean isEmpty() {
    return head == null;
  }

  void add(Waiter waiter) {
    Waiter last = tail;
    waiter.previous = last;
    if (last == null) {
      head = waiter;
    } else {
      last.next = waiter;
    }
    tail = waiter;
    size++;
  }

  /** Takes the first waiter that can be served; null if there is none. */
  @Nullable Waiter poll() {
    for (Waiter first; (first = head) != null; ) {
      unlink(first);
      if (first.claim()) {
        return first;
      }
    }
    return null;
  }

  /** Takes a waiter out, wherever it stands; false if it is not in this queue any more. */
  boolean remove(Waiter waiter) {
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
    size--;
  }
}
