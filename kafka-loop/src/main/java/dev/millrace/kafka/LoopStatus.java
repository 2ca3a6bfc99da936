package dev.millrace.kafka;

import java.util.List;
import java.util.Objects;

/**
 * How a loop is doing at one moment: what a dashboard shows. Immutable.
 *
 * @param group the group that it consumes for
 * @param clientId Kafka's {@code client.id}; empty if it has none
 * @param topics what it is subscribed to
 * @param concurrency how many handlers may run at the same time
 * @param health how it is, and why
 * @param figures what it has done
 * @param partitions what this member has now, ordered by name
 * @param recent the last events, the newest first; at most {@value #RECENT}
 */
public record LoopStatus(
    String group,
    String clientId,
    List<String> topics,
    int concurrency,
    Health health,
    LoopFigures figures,
    List<PartitionStatus> partitions,
    List<LoopEvent> recent) {

  /** How many events are remembered. */
  public static final int RECENT = 20;

  /** Copies the lists. */
  public LoopStatus {
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(clientId, "clientId");
    topics = List.copyOf(topics);
    Objects.requireNonNull(health, "health");
    Objects.requireNonNull(figures, "figures");
    partitions = List.copyOf(partitions);
    recent = List.copyOf(recent);
  }
}
