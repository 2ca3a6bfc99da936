package dev.millrace.kafka;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Is told what consumers do, while they do it: the way to meters of any kind.
 *
 * <p>Called by many threads, among them the one that polls: a method must not block. What it throws
 * is logged at warn, and changes nothing. One observer may serve any number of consumers.
 */
public interface ConsumerObserver {

  /** Observes nothing. */
  ConsumerObserver NONE = new ConsumerObserver() {};

  /** Tells this one, and after it the other one. */
  default ConsumerObserver and(ConsumerObserver other) {
    return new BothObservers(this, Objects.requireNonNull(other, "other"));
  }

  /**
   * A partition is consumed from now on. Called for each time that it is assigned, and after a
   * seek, perhaps before the observer of the time before is {@link PartitionObserver#released}.
   *
   * @param status how far it is whenever it is asked; by any thread, in constant time
   * @return who is told what becomes of its records
   */
  default PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
    return PartitionObserver.NONE;
  }

  /** A rebalance has changed what is assigned. */
  default void rebalanced(String group, Notification change) {}

  /** A commit has succeeded, that long after it was sent. */
  default void committed(String group, Duration took) {}

  /** A commit has failed; what it said is said again by the next one. */
  default void commitFailed(String group, Exception failure) {}

  /** The log of a partition is not the one that was consumed. */
  default void newHistory(String group, NewHistoryException history) {}
}
