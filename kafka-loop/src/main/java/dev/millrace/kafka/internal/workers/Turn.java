package dev.millrace.kafka.internal.workers;

import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import java.util.Collections;
import java.util.Iterator;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides from which partition a worker takes: one partition for a while, then the next. Not
 * thread-safe: each worker has its own.
 */
class Turn<K, V> {

  /**
   * The largest number of records that a worker takes from one partition in a row. A longer series
   * is no faster, and delays the records of other partitions.
   */
  static final int WHILE = 64;

  private final Work<K, V> work;
  private final BooleanSupplier stopped;
  private final Runnable wake;
  private Iterator<Partition<K, V>> rest;
  private @Nullable Partition<K, V> current;
  private int taken;

  /** A turn that begins with the first partition. */
  Turn(Work<K, V> work, BooleanSupplier stopped, Runnable wake) {
    this.work = work;
    this.stopped = stopped;
    this.wake = wake;
    this.rest = Collections.emptyIterator();
  }

  /**
   * The turn of a worker that was given a message of that partition.
   *
   * @param stopped whether no worker must begin another message
   * @param wake wakes another worker
   */
  static <K, V> Turn<K, V> in(
      Partition<K, V> partition, Work<K, V> work, BooleanSupplier stopped, Runnable wake) {
    var turn = new Turn<>(work, stopped, wake);
    turn.current = partition;
    turn.taken = 1;
    return turn;
  }

  /**
   * The turn of a worker that has no message. Such workers start at different partitions, in turn,
   * so that they compete less for the lock of one.
   *
   * @param number the number of workers before this one
   */
  static <K, V> Turn<K, V> from(
      int number, Work<K, V> work, BooleanSupplier stopped, Runnable wake) {
    var turn = new Turn<>(work, stopped, wake);
    turn.rest = work.partitions().iterator();
    int skip = Math.floorMod(number, Math.max(1, work.partitions().size()));
    while (skip-- > 0 && turn.rest.hasNext()) {
      turn.rest.next();
    }
    return turn;
  }

  /** The next attempt of the worker; null if there is none now. */
  @Nullable Attempt<K, V> next() {
    if (stopped.getAsBoolean()) {
      return null;
    }
    Attempt<K, V> retry = work.nextDue();
    if (retry != null) {
      if (work.isAnyReady()) {
        wake.run(); // also for messages that this worker has made ready by settling
      }
      return retry;
    }
    Delivery<K, V> delivery = message();
    return delivery == null ? null : Attempt.first(delivery);
  }

  /** The next message; null if there is none that may be taken now. */
  @Nullable Delivery<K, V> message() {
    Delivery<K, V> delivery = stay();
    return delivery == null ? move() : delivery;
  }

  private @Nullable Delivery<K, V> stay() {
    Partition<K, V> partition = current;
    if (partition == null) {
      return null;
    }
    if (taken < WHILE) {
      return take(partition);
    }
    if (partition.hasReady()) {
      wake.run(); // this worker may not come back for a long time
    }
    return null;
  }

  private @Nullable Delivery<K, V> move() {
    for (int i = 0; i < 2; i++) { // the rest of the partitions, then all of them
      while (rest.hasNext()) {
        Partition<K, V> partition = rest.next();
        Delivery<K, V> delivery = take(partition);
        if (delivery != null) {
          current = partition;
          taken = 1;
          return delivery;
        }
      }
      rest = work.partitions().iterator();
    }
    return null;
  }

  final @Nullable Delivery<K, V> take(Partition<K, V> partition) {
    Delivery<K, V> delivery = work.take(partition);
    if (delivery != null) {
      taken++;
      if (delivery.leavesReady()) {
        wake.run();
      }
    }
    return delivery;
  }
}
