package dev.millrace.stages.internal.pool;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The elements of a balance: one thread puts them, and each lane claims one when it can begin with
 * it. So an element waits only while all lanes are busy. See {@link Roster} for how a lane is
 * called.
 */
public final class SharedQueue {

  /** A taker of elements. */
  public abstract static class Lane extends Claimant {

    /** Whether it has waited to be called since its last look. Of its thread. */
    private boolean waited;

    /** A lane that has not looked for an element yet. */
    protected Lane() {}

    /** It was called while it waited, and is to look for an element. By any thread. */
    @Override
    protected abstract void wake();
  }

  private final ClaimRing elements;
  private final Roster<Lane> roster;
  private final int capacity;
  private final int half;

  /** How many elements were claimed when the producer looked last. Of the producer. */
  private long claimedSeen;

  /**
   * An empty queue.
   *
   * @param capacity how many elements wait at the most
   */
  public SharedQueue(int capacity) {
    this.capacity = capacity;
    this.half = Math.max(1, capacity / 2);
    this.elements = new ClaimRing(Math.max(2, Integer.highestOneBit(2 * capacity - 1)));
    this.roster =
        new Roster<>(
            0,
            () -> {
              throw new AssertionError("lanes come by themselves");
            },
            elements);
  }

  // The producer

  /** Whether an element can be put. */
  public boolean hasRoom() {
    if (elements.puts() - claimedSeen < capacity) {
      return true;
    }
    claimedSeen = elements.claims();
    return elements.puts() - claimedSeen < capacity;
  }

  /** Whether several elements have room: worth waking a producer that has waited. */
  public boolean isRoomy() {
    return elements.puts() - elements.claims() <= half;
  }

  /** Puts an element, for which there is room, and calls a lane. */
  public void put(Object element) {
    elements.put(element);
    VarHandle.fullFence(); // before it is read whether a lane searches
    roster.call();
  }

  // The lanes

  /** Whether there is an element to claim. By any thread. */
  public boolean hasElement() {
    return elements.hasElement();
  }

  /**
   * Claims the oldest element; null if there is none. If there are more, another lane is called.
   */
  public @Nullable Object claim(Lane lane) {
    if (!hasStoppedSearch(lane)) {
      return elements.claim(lane);
    }
    Object element = elements.claim(lane);
    if (element != null) {
      roster.call();
    }
    return element;
  }

  /** Ends the wait of the lane, if it has waited; whether it was called. */
  private boolean hasStoppedSearch(Lane lane) {
    if (!lane.waited) {
      return false;
    }
    lane.waited = false;
    if (roster.withdraw(lane)) {
      return false;
    }
    roster.stopSearch();
    VarHandle.fullFence(); // before it looks for an element
    return true;
  }

  /**
   * Whether the producer, if it waits, is to be woken after the last claim of the lane: the queue
   * has been full, and is half empty now.
   */
  public boolean isToWakeProducer(Lane lane) {
    return (lane.position + 1) % half == 0;
  }

  /**
   * Whether the lane was called since its last look. If not, it waits from now on, and {@link
   * Lane#wake} may be called.
   */
  public boolean isCalled(Lane lane) {
    if (!lane.waited) {
      lane.waited = true;
      roster.waits(lane);
    }
    return !lane.isIdle();
  }

  /**
   * The lane waits no more. If it was called for an element, another lane takes it. A lane that
   * takes no more elements has to do this.
   */
  public void withdraw(Lane lane) {
    if (hasStoppedSearch(lane)) {
      roster.call();
    }
  }
}
