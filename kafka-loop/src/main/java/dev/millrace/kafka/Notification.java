package dev.millrace.kafka;

import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * What a rebalance has changed.
 *
 * @param claimed the partitions that this member has got
 * @param released the partitions that it has lost, with or without having been asked
 * @param current all partitions that it has now
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
