package dev.millrace.kafka.internal.commit;

import dev.millrace.kafka.internal.partition.Partition;
import java.time.Duration;
import java.util.Collection;

/** Commits the settled records. For the poll thread only. */
public interface CommitStrategy<K, V> {

  /** The time until the next commit is due; not positive while a commit is in progress. */
  Duration untilDue();

  /** Commits asynchronously, if it is time. */
  void commitIfDue(Collection<Partition<K, V>> partitions);

  /**
   * Commits, and waits for the end of the commit. A failure is only reported: the records will be
   * redelivered.
   *
   * @return false if a rebalance in progress prevents the commit; it may succeed after the next
   *     poll
   */
  boolean commitNow(Collection<Partition<K, V>> partitions, Duration timeout);

  /**
   * Whether all records must be handled again from their commits on, because a partition was
   * released that shared outputs with others. Then no commit is in progress.
   */
  default boolean areTorn() {
    return false;
  }

  /** Whether the last {@link #commitNow} was complete. */
  default boolean isAllCommitted() {
    return true;
  }

  /** Ends the commits. A commit in progress gets this time. */
  default void close(Duration timeout) {}
}
