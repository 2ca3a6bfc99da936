package dev.millrace.stages.internal.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A ring of results that many workers fill, each at a place of its own, and that one thread, the
 * output, empties in the order of the places.
 *
 * <p>The place of a result is the position of its element, if the pool keeps the order; otherwise
 * the next free place, taken by an atomic increment. A worker stores its result with release; the
 * output reads the slot with acquire. No two workers share a place, and the ring never overflows,
 * as the pool lets in no more elements than it has slots.
 *
 * <p>A wake-up of the output is not lost, by Dekker's argument: the worker writes the slot, then
 * has a full fence, then reads {@code awaited}. The output writes {@code awaited}, then has a full
 * fence, then reads the slot. One of them sees the other's write.
 */
final class ResultRing {

  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);

  /** Stands for the result of an element that has failed. */
  static final Object FAILED = new Object();

  private final @Nullable Object[] slots;
  private final int mask;

  /** How many results were given the next place. Advanced by workers, if there is no order. */
  private final PaddedIndex placed = new PaddedIndex();

  /**
   * How many elements have left, as the intake sees it. The output writes it with release, for
   * several elements at once. The output's own count is {@code seen}.
   */
  private final PaddedIndex left = new PaddedIndex();

  /** The place that the output waits for, or -1. Written by the output, read by workers. */
  private volatile long awaited = -1;

  /**
   * An empty ring.
   *
   * @param length a power of two
   */
  ResultRing(int length) {
    slots = new @Nullable Object[length];
    mask = length - 1;
  }

  // Workers

  /** A place for a result whose order does not matter. */
  long nextPlace() {
    return placed.take();
  }

  /**
   * Puts a result into its place, and a full fence after it.
   *
   * @param result null if the element has failed
   * @return whether the output waits for it
   */
  boolean put(long place, @Nullable Object result) {
    SLOT.setRelease(slots, (int) place & mask, result == null ? FAILED : result);
    VarHandle.fullFence();
    return place == awaited;
  }

  // The output

  /** The next result, which stays; null if it is not there. */
  @Nullable Object peek() {
    return SLOT.getAcquire(slots, (int) left.seen & mask);
  }

  /** Takes the result that {@link #peek} has returned. */
  void remove() {
    SLOT.set(slots, (int) left.seen & mask, null);
    left.seen++;
  }

  /** How many results were taken. */
  long taken() {
    return left.seen;
  }

  /** How many of them {@link #left} does not show yet. */
  long unpublished() {
    return left.seen - left.own();
  }

  /** Shows in {@link #left} all that were taken. */
  void publish() {
    left.set(left.seen);
  }

  /** The output waits for the next result from now on. A full fence: the caller then looks. */
  void startWait() {
    awaited = left.seen;
    VarHandle.fullFence();
  }

  /** The output does not wait any more. */
  void endWait() {
    awaited = -1;
  }

  // Any thread

  /** How many results wait for the output, if there is no order; a few more may be counted. */
  long untaken() {
    return placed.get() - left.get();
  }

  /** Whether the output waits for a result. */
  boolean isAwaited() {
    return awaited != -1;
  }

  /** How many elements have left, as published. */
  long left() {
    return left.get();
  }
}
