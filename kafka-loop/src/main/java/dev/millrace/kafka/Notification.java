package dev.millrace.kafka;

import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * The result of a rebalance. Immutable and thread-safe.
 *
 * @param claimed the partitions newly assigned to this member
 * @param released the partitions that were revoked or lost
 * @param current all partitions assigned to this member now
 */
public record Notification(
    Set<TopicPartition> claimed, Set<TopicPartition> released, Set<TopicPartition> current) {

  /** Copies the sets. */
  public Notification {
    claimed = Set.copyOf(claimed);
    released = Set.copyOf(released);
    current = Set.copyOf(current);
  }
}
