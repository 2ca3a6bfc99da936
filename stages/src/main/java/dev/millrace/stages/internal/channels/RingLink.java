package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.pool.PaddedIndex;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A link whose elements wait in a single-producer, single-consumer ring. The producer writes the
 * tail, the consumer the head, and each reads the other's index only when its copy of it is used
 * up. This is Lamport's queue, with the cached indices of Le, Guatto, Cohen and Pop, "Correct and
 * Efficient Bounded FIFO Queues" (2013).
 *
 * <p>A producer that waits is woken when the head passes a multiple of half the capacity, so that
 * it has room for several elements when it runs again. It waits at a full ring only, and before
 * that is empty the head has passed such a multiple: no wake-up is lost.
 */
class RingLink extends Link {

  /**
   * Filled by the producer before it advances the tail, cleared by the consumer after it has read.
   */
  private final @Nullable Object[] slots;

  private final int mask;
  private final int capacity;
  private final int half;

  /**
   * How many elements were put. Written by the producer with release, read by the consumer; {@code
   * seen} is how many were taken as far as the producer knows.
   */
  private final PaddedIndex tail = new PaddedIndex();

  /**
   * How many elements were taken. Written by the consumer with release, read by the producer;
   * {@code seen} is how many were put as far as the consumer knows.
   */
  private final PaddedIndex head = new PaddedIndex();

  /** The head at which a waiting producer is woken next. Of the consumer. */
  private long nextWake;

  RingLink(int capacity, PipelineThread producer, PipelineThread consumer, Runnable onCancel) {
    super(producer, consumer, onCancel);
    this.capacity = capacity;
    this.half = Math.max(1, capacity / 2);
    this.nextWake = half;
    int length = Math.max(2, Integer.highestOneBit(Math.max(1, capacity - 1)) << 1);
    this.slots = new @Nullable Object[length];
    this.mask = length - 1;
  }

  @Override
  final boolean hasRoom() {
    if (tail.own() - tail.seen < capacity) {
      return true;
    }
    tail.seen = head.get();
    return tail.own() - tail.seen < capacity;
  }

  @Override
  final boolean isRoomy() {
    return isCancelled() || tail.own() - head.get() <= half;
  }

  @Override
  final void add(Object element) {
    long at = tail.own();
    slots[(int) at & mask] = element;
    tail.set(at + 1);
  }

  @Override
  final @Nullable Object poll() {
    long at = head.own();
    if (at == head.seen) {
      head.seen = tail.get();
      if (at == head.seen) {
        return null;
      }
    }
    int index = (int) at & mask;
    Object element = Objects.requireNonNull(slots[index]);
    slots[index] = null;
    head.set(at + 1);
    if (at + 1 >= nextWake) {
      nextWake = at + 1 + half;
      madeRoom();
    }
    return element;
  }

  @Override
  final boolean isEmpty() {
    return head.get() == tail.get();
  }
}
