package dev.millrace.kafka;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Receives the events of consumers as they happen, for example to feed meters of any kind.
 *
 * <p>Implementations must be thread-safe: many threads call them, among them the poll thread. A
 * method must not block. An exception that it throws is logged at warn, and changes nothing. One
 * observer may serve any number of consumers.
 */
public interface ConsumerObserver {

  /** Observes nothing. */
  ConsumerObserver NONE = new ConsumerObserver() {};

  /** An observer that calls this observer first, and then the other one. */
  default ConsumerObserver and(ConsumerObserver other) {
    return new BothObservers(this, Objects.requireNonNull(other, "other"));
  }

  /**
   * A partition is consumed from now on. Called after each assignment of the partition, and after a
   * seek. The call may come before {@link PartitionObserver#released} of the observer that the
   * previous call returned.
   *
   * @param status gives the progress of the partition at any time; thread-safe, takes constant time
   * @return the observer for the records of this partition
   */
  default PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
    return PartitionObserver.NONE;
  }

  /** A rebalance has changed the assigned partitions. */
  default void rebalanced(String group, Notification change) {}

  /**
   * A commit has succeeded.
   *
   * @param took the time from the request to its answer
   */
  default void committed(String group, Duration took) {}

  /** A commit has failed. The next commit contains the same offsets or later ones. */
  default void commitFailed(String group, Exception failure) {}

  /** The log of a partition is not the one that was consumed before. */
  default void newHistory(String group, NewHistoryException history) {}
}
