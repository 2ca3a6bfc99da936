package dev.millrace.sync;

import dev.millrace.channel.Cancellation;
import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import java.util.ArrayDeque;
import java.util.concurrent.CancellationException;

/**
 * A weighted semaphore: bounds the total weight of what is under way.
 *
 * <p>First come, first served: a large acquire at the head of the queue is not overtaken by small
 * ones, so it is not starved. A waiter that gives up lets those behind it through. After {@code
 * golang.org/x/sync/semaphore}.
 *
 * <p>Safe for use by many threads. An acquire that need not wait takes one uncontended monitor.
 */
public final class Semaphore {

  private record Waiter(long weight, Channel<Void> granted) {}

  private final long capacity;
  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
  private long acquired;

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
    var waiter = new Waiter(weight, Channel.rendezvous());
    synchronized (this) {
      if (waiters.isEmpty() && capacity - acquired >= weight) {
        acquired += weight;
        return;
      }
      waiters.add(waiter);
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
   * Acquires {@code weight} if it is free and nobody waits.
   *
   * @return whether it was acquired
   */
  public synchronized boolean tryAcquire(long weight) {
    checkWeight(weight);
    if (waiters.isEmpty() && capacity - acquired >= weight) {
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

  private synchronized void giveUp(Waiter waiter) {
    if (!waiters.remove(waiter)) { // granted meanwhile: give it back
      acquired -= waiter.weight;
    }
    grant();
  }

  /** Lets waiters through, as long as the first one fits. */
  private void grant() {
    for (Waiter first; (first = waiters.peek()) != null; ) {
      if (capacity - acquired < first.weight) {
        return;
      }
      waiters.remove();
      acquired += first.weight;
      first.granted.close();
    }
  }

  private static void checkWeight(long weight) {
    if (weight < 0) {
      throw new IllegalArgumentException("weight must not be negative, but is " + weight);
    }
  }
}
