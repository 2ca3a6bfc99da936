package dev.millrace.kafka.internal.handling;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The threads of a loop that are present now. Thread-safe. {@link #add} and {@link #remove} take
 * constant time, and allocate nothing.
 */
/*
 * With a thread for each record, a concurrent set of the JDK took a tenth of the processor time of a
 * record. Here the members themselves are the nodes of linked lists. Each list has a lock, and a
 * thread's number chooses its list, so that threads rarely wait for each other.
 */
final class Present<K, V> {

  private static final int BITS = 6;

  /** An odd number near 2^64 divided by the golden ratio: neighbours get lists far apart. */
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  /** The head of a list; it is no member. Its monitor guards the links of the list. */
  private final List<Busy<K, V>> heads = new ArrayList<>();

  Present() {
    for (int i = 0; i < 1 << BITS; i++) {
      heads.add(new Busy<>());
    }
  }

  private Busy<K, V> head(Busy<K, V> one) {
    return heads.get(list(one));
  }

  /** The number of its list. */
  static int list(Busy<?, ?> one) {
    return (int) ((one.threadId() * GOLDEN) >>> (Long.SIZE - BITS));
  }

  /** Adds it. It must be in no list. */
  void add(Busy<K, V> one) {
    Busy<K, V> head = head(one);
    synchronized (head) {
      Busy<K, V> next = head.next;
      one.previous = head;
      one.next = next;
      if (next != null) {
        next.previous = one;
      }
      head.next = one;
    }
  }

  /** Removes it. It must be in the list. */
  void remove(Busy<K, V> one) {
    Busy<K, V> head = head(one);
    synchronized (head) {
      Busy<K, V> previous = one.previous;
      Busy<K, V> next = one.next;
      if (previous != null) {
        previous.next = next;
      }
      if (next != null) {
        next.previous = previous;
      }
      one.previous = null;
      one.next = null;
    }
  }

  /** Those that are present now. */
  List<Busy<K, V>> all() {
    List<Busy<K, V>> all = new ArrayList<>();
    for (Busy<K, V> head : heads) {
      synchronized (head) {
        for (@Nullable Busy<K, V> one = head.next; one != null; one = one.next) {
          all.add(one);
        }
      }
    }
    return all;
  }
}
