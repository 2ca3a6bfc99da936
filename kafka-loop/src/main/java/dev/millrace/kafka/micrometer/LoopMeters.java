package dev.millrace.kafka.micrometer;

import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;

/**
 * Feeds Micrometer's meters from the events of consumers. {@code docs/kafka-meters.md} lists the
 * meters.
 *
 * <pre>{@code
 * KafkaLoop.<String, String>builder().observer(new LoopMeters(registry))…
 * }</pre>
 *
 * <p>Counters and timers of a topic exist from the first assignment of one of its partitions on,
 * and stay. Gauges of a partition exist while the partition is assigned. One object may serve any
 * number of consumers. All consumers of one registry should share one object, because partitions
 * move between them. Thread-safe; does not block.
 *
 * <p>Needs {@code io.micrometer:micrometer-core}; the loop itself does not need it.
 */
public final class LoopMeters implements ConsumerObserver {

  private record Place(String group, TopicPartition partition) {}

  private record Subject(String group, String topic) {}

  private final MeterRegistry registry;
  private final Map<String, GroupMeters> groups = new ConcurrentHashMap<>();
  private final Map<Subject, TopicMeters> topics = new ConcurrentHashMap<>();
  private final Map<Place, PartitionGauges> partitions = new ConcurrentHashMap<>();

  /** Meters in this registry. They are registered when an observed consumer starts. */
  public LoopMeters(MeterRegistry registry) {
    this.registry = Objects.requireNonNull(registry, "registry");
  }

  private GroupMeters of(String group) {
    return groups.computeIfAbsent(group, name -> new GroupMeters(registry, name));
  }

  @Override
  public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
    of(group);
    TopicPartition name = status.get().partition();
    TopicMeters meters =
        topics.computeIfAbsent(
            new Subject(group, name.topic()),
            subject -> new TopicMeters(registry, subject.group(), subject.topic()));
    var place = new Place(group, name);
    partitions.compute(
        place,
        (key, gauges) ->
            gauges == null ? new PartitionGauges(registry, group, status) : gauges.follow(status));
    return meters.observer(() -> released(place, status));
  }

  /** Removes the gauges, unless they follow a newer assignment, of this or another consumer. */
  private void released(Place place, Supplier<PartitionStatus> status) {
    partitions.computeIfPresent(
        place,
        (key, gauges) -> {
          if (!gauges.follows(status)) {
            return gauges;
          }
          gauges.remove();
          return null;
        });
  }

  @Override
  public void rebalanced(String group, Notification change) {
    of(group).rebalances().increment();
  }

  @Override
  public void committed(String group, Duration took) {
    of(group).commits().record(took);
  }

  @Override
  public void commitFailed(String group, Exception failure) {
    of(group).commitFailures().increment();
  }

  @Override
  public void newHistory(String group, NewHistoryException history) {
    of(group).newHistories().increment();
  }
}
