package dev.millrace.kafka;

import java.util.List;
import java.util.Objects;

/**
 * A snapshot of a loop, as a dashboard shows it. Immutable and thread-safe.
 *
 * @param group the consumer group of the loop
 * @param clientId Kafka's {@code client.id}; empty if none is set
 * @param topics the topics to which the loop is subscribed
 * @param concurrency how many handlers may run at the same time
 * @param health the health of the loop, with its reason
 * @param figures the counts of the loop
 * @param partitions the partitions that are assigned to this member now, ordered by name
 * @param recent the latest events, newest first; at most {@value #RECENT}
 * @param rateLimit the rate at which handlers start
 * @param hottestKeys the keys with the most records over the last 30 to 60 seconds, the hottest
 *     first; empty unless {@link dev.millrace.kafka.builder.LoopBuilder#hottestKeys} is set
 */
public record LoopStatus(
    String group,
    String clientId,
    List<String> topics,
    int concurrency,
    Health health,
    LoopFigures figures,
    List<PartitionStatus> partitions,
    List<LoopEvent> recent,
    RateLimit rateLimit,
    List<HotKey> hottestKeys) {

  /** The largest number of {@link #recent} events. */
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
    Objects.requireNonNull(rateLimit, "rateLimit");
    hottestKeys = List.copyOf(hottestKeys);
  }

  /** The status of a loop without a limit of its rate. */
  public LoopStatus(
      String group,
      String clientId,
      List<String> topics,
      int concurrency,
      Health health,
      LoopFigures figures,
      List<PartitionStatus> partitions,
      List<LoopEvent> recent) {
    this(
        group,
        clientId,
        topics,
        concurrency,
        health,
        figures,
        partitions,
        recent,
        RateLimit.NONE,
        List.of());
  }
}
