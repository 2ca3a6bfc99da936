package dev.millrace.kafka;

import java.util.Comparator;
import java.util.List;
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

  /** A line for logs, such as {@code claimed [orders-0], released [], 1 partition now}. */
  @Override
  public String toString() {
    return "claimed %s, released %s, %d partition%s now"
        .formatted(names(claimed), names(released), current.size(), current.size() == 1 ? "" : "s");
  }

  private static List<String> names(Set<TopicPartition> partitions) {
    return partitions.stream()
        .sorted(
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition))
        .map(TopicPartition::toString)
        .toList();
  }
}
