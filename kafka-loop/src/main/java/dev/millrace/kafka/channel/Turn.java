package dev.millrace.kafka.channel;

import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import java.util.Iterator;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides from which partition a worker takes: one partition for a while, then the next. Not
 * thread-safe: each worker has its own.
 */
final class Turn<K, V> {

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

  /**
   * New workers start at different partitions, in turn, so that they compete less for the lock of
   * one.
   *
   * @param number the number of workers before this one
   * @param stopped whether no worker must begin another message
   * @param wake wakes another worker
   */
  Turn(Work<K, V> work, int number, BooleanSupplier stopped, Runnable wake) {
    this.work = work;
    this.stopped = stopped;
    this.wake = wake;
    this.rest = work.partitions().iterator();
    int skip = Math.floorMod(number, Math.max(1, work.partitions().size()));
    while (skip-- > 0 && rest.hasNext()) {
      rest.next();
    }
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
    Delivery<K, V> delivery = stay();
    if (delivery == null) {
      delivery = move();
    }
    return delivery == null ? null : Attempt.first(delivery);
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

  private @Nullable Delivery<K, V> take(Partition<K, V> partition) {
    if (work.isPaused(partition)) {
      return null;
    }
    Delivery<K, V> delivery = partition.takeToHandle();
    if (delivery != null) {
      taken++;
      if (delivery.leavesReady()) {
        wake.run();
      }
    }
    return delivery;
  }
}
