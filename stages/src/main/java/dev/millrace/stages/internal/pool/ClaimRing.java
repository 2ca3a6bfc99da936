package dev.millrace.stages.internal.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A ring of elements that one thread fills, and that many workers claim from: each element once, in
 * the order in which they were put.
 *
 * <p>The producer stores an element into its slot, and then publishes it by a release write of the
 * tail. A worker reads the tail with acquire, reads the slot, and claims the position by a
 * compare-and-set of {@code claimed}. Only the worker that wins clears the slot: a release write,
 * which the producer of the next round reads with acquire before it fills the slot again.
 *
 * <pre>
 *            claimed          tail
 *               v               v
 *   [ . ][ . ][ 5 ][ 6 ][ 7 ][ . ][ . ]
 *          ^
 *          claimed by a worker that has not cleared it yet
 * </pre>
 *
 * <p>The ring never overflows: the pool lets in no more elements than the ring has slots.
 */
final class ClaimRing {

  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);

  private final @Nullable Object[] slots;
  private final int mask;

  /** How many elements were put. Written by the producer with release, read by workers. */
  private final PaddedIndex tail = new PaddedIndex();

  /** How many elements were claimed. Advanced by workers with compare-and-set. */
  private final PaddedIndex claimed = new PaddedIndex();

  /**
   * An empty ring.
   *
   * @param length a power of two
   */
  ClaimRing(int length) {
    slots = new @Nullable Object[length];
    mask = length - 1;
  }

  /** Puts an element; there is room. By the producer, which still needs a fence before it looks. */
  void put(Object element) {
    long at = tail.own();
    int slot = (int) at & mask;
    while (SLOT.getAcquire(slots, slot) != null) {
      // A worker has claimed it in the round before, and is about to clear the slot.
    }
    SLOT.set(slots, slot, element);
    tail.set(at + 1);
  }

  /** Whether there is an element that no worker has claimed. By any thread. */
  boolean hasElement() {
    return claimed.get() < tail.get();
  }

  /** How many elements no worker has claimed. By any thread; of the past. */
  long unclaimed() {
    return tail.get() - claimed.get();
  }

  /** Claims the oldest element, and notes its position in the worker; null if there is none. */
  @Nullable Object claim(Worker worker) {
    while (true) {
      long next = claimed.get();
      if (next >= worker.tailSeen) {
        worker.tailSeen = tail.get();
        if (next >= worker.tailSeen) {
          return null;
        }
      }
      int slot = (int) next & mask;
      Object element = SLOT.getAcquire(slots, slot);
      if (claimed.advance(next)) {
        SLOT.setRelease(slots, slot, null);
        worker.position = next;
        return element;
      }
    }
  }
}
