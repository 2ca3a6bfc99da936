package dev.millrace.kafka.internal.commit;

import dev.millrace.kafka.internal.partition.Partition;
import java.time.Duration;
import java.util.Collection;

/** Commits what is settled; for the poll thread only. */
public interface CommitStrategy<K, V> {

  /** How long until a commit is due by time; not positive while one is under way. */
  Duration untilDue();

  /** Commits asynchronously, if it is time. */
  void commitIfDue(Collection<Partition<K, V>> partitions);

  /**
   * Commits, and waits until it is done; what fails is only said: the records come again.
   *
   * @return false if a rebalance that is under way does not let it; it may after the next poll
   */
  boolean commitNow(Collection<Partition<K, V>> partitions, Duration timeout);

  /** There will be no more commits; what is under way may take that long. */
  default void close(Duration timeout) {}
}
