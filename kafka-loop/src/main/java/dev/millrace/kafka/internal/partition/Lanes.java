package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.Ordering;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The records of a partition that were not handed out: records that are ready, and records that
 * wait for another one. Not thread-safe, except for {@link #hasReady}.
 */
/*
 * A lane is a linked list of unsettled records. The first record is ready or handed out. The
 * records behind it may be handed out with it, as one batch. The map has only the last record of
 * each lane, because the next record goes behind it. A lane whose last record is settled is
 * removed. So memory depends on the records in the window, and not on the number of keys, and each
 * step takes constant time. A record that becomes ready goes behind the other ready records, so a
 * key with many records takes turns with the other keys. A record that is given back goes before
 * them, because its turn has come already.
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

  /** Adds a record at the end of its lane. */
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

  /** Takes the record that waits for a taken one, if both may be in one batch. */
  @Nullable Delivery<K, V> takeAfter(Delivery<K, V> delivery) {
    Delivery<K, V> next = delivery.next;
    if (next == null || next.taken || next.isAlone()) {
      return null;
    }
    next.taken = true;
    waiting--;
    return next;
  }

  /**
   * Gives back a taken record. It will be taken again when the records before it in its lane are
   * settled.
   */
  void giveBack(Delivery<K, V> delivery) {
    delivery.taken = false;
    if (delivery.previous == null) {
      ready.addFirst(delivery);
      readySize = ready.size();
    } else {
      waiting++;
    }
  }

  /** A taken record is settled. Returns whether another record has become ready. */
  boolean settled(Delivery<K, V> delivery) {
    Object lane = delivery.lane;
    if (lane == null) {
      return false;
    }
    Delivery<K, V> before = delivery.previous;
    Delivery<K, V> next = delivery.next;
    delivery.previous = null;
    delivery.next = null; // a reference to a settled record keeps no other record alive
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
   * The number of records that could keep handlers busy. With the order of the partition, all
   * records count, because polling more would not help. Otherwise, records that wait for another
   * record of their key do not count.
   */
  int backlog() {
    return ordering == Ordering.PARTITION ? ready.size() + waiting : ready.size();
  }

  /** The number of records that were not handed out. */
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
