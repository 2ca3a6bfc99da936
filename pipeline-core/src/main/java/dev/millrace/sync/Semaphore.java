package dev.millrace.sync;

import dev.millrace.channel.Cancellation;
import dev.millrace.channel.Channel;
import dev.millrace.channel.internal.StackReserve;
import dev.millrace.context.Context;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A weighted semaphore: bounds the total weight of the work that is under way.
 *
 * <p>First come, first served: a large acquire at the head of the queue is not overtaken by small
 * ones, so it is not starved. A waiter that gives up lets the waiters behind it through, in
 * constant time. After {@code golang.org/x/sync/semaphore}.
 *
 * <p>Thread-safe. Only acquires block. An acquire that need not wait takes one uncontended monitor.
 */
public final class Semaphore {

  /** A node of the queue, so that a waiter that gives up is taken out in constant time. */
  private static final class Waiter {
    final long weight;
    final Channel<Void> granted = Channel.rendezvous();
    @Nullable Waiter previous;
    @Nullable Waiter next;
    boolean queued;

    Waiter(long weight) {
      this.weight = weight;
    }
  }

  private final long capacity;
  private @Nullable Waiter first; // guarded by this, as all below
  private @Nullable Waiter last;
  private long acquired;
  private int queued;

  /**
   * A semaphore that lets a total weight of {@code capacity} through.
   *
   * @throws IllegalArgumentException if {@code capacity} is less than 1
   */
  public Semaphore(long capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity must be at least 1, but is " + capacity);
    }
    this.capacity = capacity;
  }

  /** Acquires a weight of 1; see {@link #acquire(long, Cancellation)}. */
  public void acquire(Cancellation cancellation) throws InterruptedException {
    acquire(1, cancellation);
  }

  /**
   * Acquires {@code weight}; blocks until it is free. It must be released by the caller.
   *
   * @throws IllegalArgumentException if {@code weight} is negative, or larger than the capacity
   */
  public void acquire(long weight) throws InterruptedException {
    acquire(weight, Context.background());
  }

  /**
   * Acquires {@code weight}; blocks until it is free or {@code cancellation} comes. A weight larger
   * than the capacity waits for the cancellation only, and keeps no other caller waiting.
   *
   * @throws IllegalArgumentException if {@code weight} is negative, or if it is larger than the
   *     capacity and the cancellation can never come, as that of {@link Context#background()}
   * @throws CancellationException if the cancellation comes before the weight was acquired
   * @throws InterruptedException if the thread is interrupted before the weight was acquired
   */
  public void acquire(long weight, Cancellation cancellation) throws InterruptedException {
    StackReserve.ensureOverChannels();
    checkWeight(weight);
    cancellation.throwIfCancelled();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (weight > capacity) {
      if (cancellation.done() == Channel.<Void>never()) {
        throw new IllegalArgumentException(
            "a weight of %d can never be acquired of a capacity of %d, and the context cannot end: the call would wait for ever"
                .formatted(weight, capacity));
      }
      cancellation.done().receiveOrNull();
      cancellation.throwIfCancelled();
    }
    var waiter = new Waiter(weight);
    synchronized (this) {
      if (first == null && capacity - acquired >= weight) {
        acquired += weight;
        return;
      }
      add(waiter);
    }
    boolean granted = false;
    try {
      waiter.granted.receiveOrNull(cancellation);
      granted = true;
    } finally {
      if (!granted) {
        giveUp(waiter);
      }
    }
  }

  /**
   * Acquires {@code weight} if it is free and no thread waits.
   *
   * @return whether it was acquired
   */
  public synchronized boolean tryAcquire(long weight) {
    checkWeight(weight);
    if (first == null && capacity - acquired >= weight) {
      acquired += weight;
      return true;
    }
    return false;
  }

  /** Releases a weight of 1. */
  public void release() {
    release(1);
  }

  /**
   * Releases {@code weight}, by whichever thread.
   *
   * @throws IllegalStateException if more is released than was acquired
   */
  public synchronized void release(long weight) {
    StackReserve.ensureOverChannels();
    checkWeight(weight);
    if (weight > acquired) {
      throw new IllegalStateException(
          "released %d, but only %d is acquired".formatted(weight, acquired));
    }
    acquired -= weight;
    grant();
  }

  /** The weight that is acquired now. */
  public synchronized long acquired() {
    return acquired;
  }

  /** The total weight. */
  public long capacity() {
    return capacity;
  }

  /** The number of threads that wait to acquire now: for monitoring. Does not block for long. */
  public synchronized int waiting() {
    return queued;
  }

  private synchronized void giveUp(Waiter waiter) {
    if (!remove(waiter)) { // granted meanwhile: give it back
      acquired -= waiter.weight;
    }
    grant();
  }

  /** Lets waiters through, as long as the first one fits. */
  private void grant() {
    for (Waiter head; (head = first) != null; ) {
      if (capacity - acquired < head.weight) {
        return;
      }
      remove(head);
      acquired += head.weight;
      head.granted.close();
    }
  }

  private void add(Waiter waiter) {
    Waiter before = last;
    waiter.previous = before;
    if (before == null) {
      first = waiter;
    } else {
      before.next = waiter;
    }
    last = waiter;
    waiter.queued = true;
    queued++;
  }

  /** Whether the waiter was in the queue. */
  private boolean remove(Waiter waiter) {
    if (!waiter.queued) {
      return false;
    }
    waiter.queued = false;
    queued--;
    Waiter before = waiter.previous;
    Waiter after = waiter.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
    return true;
  }

  private static void checkWeight(long weight) {
    if (weight < 0) {
      throw new IllegalArgumentException("weight must not be negative, but is " + weight);
    }
  }
}
