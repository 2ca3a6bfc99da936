package dev.millrace.kafka.internal.partition;

import dev.millrace.clock.internal.Time;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The unsettled records of a partition, and the number of running ones. {@link #settleLater} is
 * thread-safe; all other methods are for threads that hold the lock of the partition. They show the
 * state at the last call of {@link #enterSettled}.
 */
/*
 * Most calls come from the threads of handlers, so a record that no other record waits for is
 * settled without the lock. Its thread puts it on a stack (Treiber, 1986). A thread that reads the
 * books first takes the whole stack and enters its records. So it sees each record that was put
 * there before, and its view does not change while it has the lock. A commit contains entered
 * records only, so it never passes an unsettled one. The stack is only emptied as a whole, so it has
 * no ABA problem. The links are fields of the records: a record is settled once, so it is on the
 * stack once.
 *
 * A thread that waits until no record runs sets 'watched', and then enters the stack. A settling
 * thread puts its record on the stack, and then reads 'watched'. So either the waiting thread finds
 * the record, or the settling thread must notify.
 */
final class Books<K, V> {

  private final Window<Delivery<K, V>> window = new Window<>();

  /** The last record that was settled without the lock, and below it the records before it. */
  private final AtomicReference<@Nullable Delivery<K, V>> settled = new AtomicReference<>();

  private volatile boolean watched;
  private int running;
  private long bytes;
  private long settledRecords;
  private long frontSince = Time.nanoTime();

  /**
   * Settles a record at the next {@link #enterSettled}. Takes no lock. Returns whether the books
   * are {@linkplain #watch watched}: then the caller takes the lock, and notifies.
   */
  boolean settleLater(Delivery<K, V> delivery) {
    Delivery<K, V> below;
    do {
      below = settled.get();
      delivery.below = below;
    } while (!settled.compareAndSet(below, delivery));
    return watched;
  }

  /** From now on, a thread may wait for the end of running records. */
  void watch() {
    watched = true;
    enterSettled();
  }

  /** Enters the records that were settled without the lock. */
  void enterSettled() {
    Delivery<K, V> next = settled.get() == null ? null : settled.getAndSet(null);
    while (next != null) {
      Delivery<K, V> delivery = next;
      next = delivery.below;
      delivery.below = null; // a reference to a settled record keeps no other record alive
      boolean _ = stop(delivery);
      boolean _ = settle(delivery);
    }
  }

  /** Settles a record now; false if it is not in the books any more. */
  boolean settle(Delivery<K, V> delivery) {
    long first = window.first();
    if (!window.settle(delivery.number)) {
      return false;
    }
    if (window.first() != first) {
      frontSince = Math.max(frontSince, delivery.since);
    }
    settledRecords++;
    bytes -= delivery.bytes();
    return true;
  }

  /** Adds a polled record. */
  void add(long offset, Delivery<K, V> delivery) {
    if (window.size() == 0) {
      frontSince = delivery.since;
    }
    delivery.number = window.add(offset, delivery);
    bytes += delivery.bytes();
  }

  /** Adds a polled record that is not handled. It counts as settled now. */
  void addSkipped(long offset) {
    window.addSettled(offset);
    settledRecords++;
  }

  /** The records from the first unsettled one on. */
  Window<Delivery<K, V>> window() {
    return window;
  }

  /** Whether the record is unsettled. */
  boolean holds(Delivery<K, V> delivery) {
    return window.holds(delivery.number, delivery);
  }

  /** Starts the run of a record, if it does not run. */
  void start(Delivery<K, V> delivery) {
    if (!delivery.running) {
      delivery.running = true;
      running++;
    }
  }

  /** Ends the run of a record. Returns whether it ran. */
  boolean stop(Delivery<K, V> delivery) {
    boolean ran = delivery.running;
    if (ran) {
      delivery.running = false;
      running--;
    }
    return ran;
  }

  /** Drops the records that do not run. They cannot be settled any more. */
  void forget() {
    window.forgetIf(delivery -> !delivery.running && delivery.markSettled());
  }

  /** The number of records that run. */
  int running() {
    return running;
  }

  /** The bytes of the unsettled records. */
  long bytes() {
    return bytes;
  }

  /** The number of records that were settled. */
  long settledRecords() {
    return settledRecords;
  }

  /** Since when the first record has been the first one, as {@link System#nanoTime}. */
  long frontSince() {
    return frontSince;
  }
}
