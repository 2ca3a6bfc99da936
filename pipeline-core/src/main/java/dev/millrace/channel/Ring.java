package dev.millrace.channel;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A first-in first-out buffer that grows up to its capacity. Guarded by the lock of its half.
 *
 * <p>A ring with a bound keeps its slots, so that it need not grow again. A ring without a bound
 * could keep the slots of one burst for ever, so it releases them when it becomes empty.
 */
final class Ring extends Padding {

  private static final int INITIAL = 16;

  /** An empty ring without a bound keeps at most this number of slots. */
  private static final int KEPT = 1024;

  private static final @Nullable Object[] NONE = {};

  private final int capacity;
  private @Nullable Object[] slots;
  private int head;
  private int size;

  Ring(int capacity) {
    this.capacity = capacity;
    this.slots = new @Nullable Object[Math.min(capacity, INITIAL)];
  }

  int size() {
    return size;
  }

  /** Adds an element; the ring is not full. */
  void add(Object element) {
    if (size == slots.length) {
      grow();
    }
    int tail = head + size - slots.length;
    slots[tail < 0 ? tail + slots.length : tail] = element;
    size++;
  }

  /** Takes the oldest element; the ring is not empty. */
  Object take() {
    Object element = Objects.requireNonNull(slots[head]);
    slots[head] = null;
    if (++head == slots.length) {
      head = 0;
    }
    if (--size == 0 && slots.length > KEPT && capacity == Integer.MAX_VALUE) {
      slots = NONE; // allocates nothing, which could fail
      head = 0;
    }
    return element;
  }

  private void grow() {
    int length = slots.length;
    int longer =
        (int) Math.min(capacity, Math.min(Math.max(INITIAL, 2L * length), Integer.MAX_VALUE - 8));
    if (longer == length) {
      throw new OutOfMemoryError("a channel holds " + length + " elements and cannot hold more");
    }
    @Nullable Object[] copy = new @Nullable Object[longer];
    System.arraycopy(slots, head, copy, 0, length - head);
    System.arraycopy(slots, 0, copy, length - head, head);
    slots = copy;
    head = 0;
  }
}
