package dev.millrace.stages.internal.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A ring of elements that one thread fills, and that many threads claim from: each element once, in
 * the order in which they were put.
 *
 * <p>The producer stores an element into its slot, and then publishes it by a release write of the
 * tail. A claimant reads the tail with acquire, reads the slot, and claims the position by a
 * compare-and-set of {@code claimed}. Only the claimant that wins clears the slot: a release write,
 * which the producer of the next round reads with acquire before it fills the slot again.
 *
 * <pre>
 *            claimed          tail
 *               v               v
 *   [ . ][ . ][ 5 ][ 6 ][ 7 ][ . ][ . ]
 *          ^
 *          claimed by a thread that has not cleared it yet
 * </pre>
 *
 * <p>The ring never overflows: its producer puts no more elements than it has slots.
 */
final class ClaimRing {

  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);

  private final @Nullable Object[] slots;
  private final int mask;

  /** How many elements were put. Written by the producer with release, read by claimants. */
  private final PaddedIndex tail = new PaddedIndex();

  /** How many elements were claimed. Advanced by claimants with compare-and-set. */
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
      Thread.yield(); // a thread that claimed it in the round before is about to clear the slot
    }
    SLOT.set(slots, slot, element);
    tail.set(at + 1);
  }

  /** How many elements were put. By the producer. */
  long puts() {
    return tail.own();
  }

  /** How many elements were claimed. By any thread; of the past. */
  long claims() {
    return claimed.get();
  }

  /** Whether there is an element that was not claimed. By any thread. */
  boolean hasElement() {
    return claimed.get() < tail.get();
  }

  /** How many elements were not claimed yet. By any thread; of the past. */
  long unclaimed() {
    return tail.get() - claimed.get();
  }

  /** Claims the oldest element, and notes its position; null if there is none. */
  @Nullable Object claim(Claimant claimant) {
    while (true) {
      long next = claimed.get();
      if (next >= claimant.tailSeen) {
        claimant.tailSeen = tail.get();
        if (next >= claimant.tailSeen) {
          return null;
        }
      }
      int slot = (int) next & mask;
      Object element = SLOT.getAcquire(slots, slot);
      if (claimed.advance(next)) {
        SLOT.setRelease(slots, slot, null);
        claimant.position = next;
        return element;
      }
    }
  }
}
