package dev.millrace.stages.internal.channel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A link whose elements wait in a ring: the producer writes the tail, the consumer the head, and
 * each reads the other's index only when its copy of it is used up (Lamport's queue, with the
 * cached indices of Le, Guatto, Cohen and Pop, "Correct and Efficient Bounded FIFO Queues", 2013).
 *
 * <p>A producer that waits is woken when the head passes a multiple of half the capacity, so that
 * it has room for several elements when it runs again. It waits at a full ring only, and before
 * that is empty the head has passed such a multiple: no wake-up is lost.
 */
@SuppressWarnings("unused") // the padding
final class Ring extends Link {

  private static final VarHandle HEAD;
  private static final VarHandle TAIL;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HEAD = lookup.findVarHandle(Ring.class, "head", long.class);
      TAIL = lookup.findVarHandle(Ring.class, "tail", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final @Nullable Object[] slots;
  private final int mask;
  private final int capacity;
  private final int half;

  // The two sides' fields are kept out of the same line of a processor's cache: otherwise every
  // write of one side would take the line away from the other.
  private long padding11;
  private long padding12;
  private long padding13;
  private long padding14;
  private long padding15;
  private long padding16;
  private long padding17;

  // The producer's
  private long tail;
  private long headSeen;

  private long padding21;
  private long padding22;
  private long padding23;
  private long padding24;
  private long padding25;
  private long padding26;
  private long padding27;

  // The consumer's
  private long head;
  private long tailSeen;
  private long nextWake;

  private long padding31;
  private long padding32;
  private long padding33;
  private long padding34;
  private long padding35;
  private long padding36;
  private long padding37;

  Ring(int capacity, Strand producer, Strand consumer, Runnable onCancel) {
    super(producer, consumer, onCancel);
    this.capacity = capacity;
    this.half = Math.max(1, capacity / 2);
    this.nextWake = half;
    int length = Math.max(2, Integer.highestOneBit(Math.max(1, capacity - 1)) << 1);
    this.slots = new @Nullable Object[length];
    this.mask = length - 1;
  }

  @Override
  boolean hasRoom() {
    if (tail - headSeen < capacity) {
      return true;
    }
    headSeen = (long) HEAD.getAcquire(this);
    return tail - headSeen < capacity;
  }

  @Override
  boolean isRoomy() {
    return isCancelled() || tail - (long) HEAD.getAcquire(this) <= half;
  }

  @Override
  void add(Object element) {
    slots[(int) tail & mask] = element;
    TAIL.setRelease(this, tail + 1);
  }

  @Override
  @Nullable Object poll() {
    if (head == tailSeen) {
      tailSeen = (long) TAIL.getAcquire(this);
      if (head == tailSeen) {
        return null;
      }
    }
    int index = (int) head & mask;
    Object element = Objects.requireNonNull(slots[index]);
    slots[index] = null;
    HEAD.setRelease(this, head + 1);
    if (head >= nextWake) {
      nextWake = head + half;
      madeRoom();
    }
    return element;
  }

  @Override
  boolean isEmpty() {
    return (long) HEAD.getAcquire(this) == (long) TAIL.getAcquire(this);
  }
}
