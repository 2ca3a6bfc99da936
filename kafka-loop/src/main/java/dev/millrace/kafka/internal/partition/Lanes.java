package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.Ordering;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The records of a partition that were not handed out: those that are ready, and those that wait
 * for another one. Not safe for use by many threads, but for {@link #hasReady}.
 */
/*
 * A lane is a linked list of records that are not settled, of which the first is ready, or handed out.
 * Those behind it may be handed out with it, as one batch. The map knows only the last of each lane, which
 * is where the next record goes; a lane whose last record is settled is forgotten. So any number of keys
 * cost what their records in the window cost, and each step takes constant time. A record that becomes
 * ready goes behind those that are: a key with many records takes its turn among the others. One that is
 * given back goes before them: it has had its turn.
 */
final class Lanes<K, V> {

  private static final Object PARTITION = new Object();

  private final Ordering ordering;
  private final ArrayDeque<Delivery<K, V>> ready = new ArrayDeque<>();
  private final Map<Object, Delivery<K, V>> last = new HashMap<>();
  private int waiting;
  private volatile int readySize;

  Lanes(Ordering ordering) {
    this.ordering = ordering;
  }

  /** Adds a record behind those of its lane. */
  void add(Delivery<K, V> delivery) {
    Object lane = laneOf(delivery);
    delivery.lane = lane;
    Delivery<K, V> before = lane == null ? null : last.put(lane, delivery);
    if (before == null) {
      ready.add(delivery);
      readySize = ready.size();
    } else {
      before.next = delivery;
      delivery.previous = before;
      waiting++;
    }
  }

  private @Nullable Object laneOf(Delivery<K, V> delivery) {
    return switch (ordering) {
      case PARTITION -> PARTITION;
      case KEY -> {
        byte[] key = delivery.raw().key();
        yield key == null ? null : new Key(key);
      }
      case UNORDERED -> null;
    };
  }

  /** Takes a record that is ready; null if there is none. */
  @Nullable Delivery<K, V> take() {
    Delivery<K, V> delivery = ready.poll();
    if (delivery != null) {
      delivery.taken = true;
      readySize = ready.size();
    }
    return delivery;
  }

  /** Whether a record is ready. */
  boolean hasReady() {
    return readySize > 0;
  }

  /** Takes the record that waits for one that was taken, and does not mind its company. */
  @Nullable Delivery<K, V> takeAfter(Delivery<K, V> delivery) {
    Delivery<K, V> next = delivery.next;
    if (next == null || next.taken || next.isAlone()) {
      return null;
    }
    next.taken = true;
    waiting--;
    return next;
  }

  /** A record that was taken will be taken again, when those before it in its lane are settled. */
  void giveBack(Delivery<K, V> delivery) {
    delivery.taken = false;
    if (delivery.previous == null) {
      ready.addFirst(delivery);
      readySize = ready.size();
    } else {
      waiting++;
    }
  }

  /** A record that was taken is settled; whether another one has become ready by that. */
  boolean settled(Delivery<K, V> delivery) {
    Object lane = delivery.lane;
    if (lane == null) {
      return false;
    }
    Delivery<K, V> before = delivery.previous;
    Delivery<K, V> next = delivery.next;
    delivery.previous = null;
    delivery.next = null; // a settled record, if somebody holds it, keeps no others alive
    if (before != null) {
      before.next = next;
    }
    if (next == null) {
      if (before == null) {
        last.remove(lane, delivery);
      } else {
        last.replace(lane, delivery, before);
      }
      return false;
    }
    next.previous = before;
    if (before != null || next.taken) {
      return false;
    }
    waiting--;
    ready.add(next);
    readySize = ready.size();
    return true;
  }

  /**
   * How many records could keep handlers busy. In the order of the partition these are all, as more
   * would not help; otherwise those that wait for a key do not count.
   */
  int backlog() {
    return ordering == Ordering.PARTITION ? ready.size() + waiting : ready.size();
  }

  /** How many were not handed out. */
  int size() {
    return ready.size() + waiting;
  }

  void clear() {
    ready.clear();
    readySize = 0;
    last.clear();
    waiting = 0;
  }
}
