package dev.millrace.kafka.internal.consumer;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.internal.commit.CommitStrategy;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.start.Starts;
import dev.millrace.kafka.internal.status.HealthCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The assigned partitions of this member. Each is represented by the object of its present
 * ownership. The poll thread changes them, in rebalances; any thread may read them.
 */
final class Assignment<K, V> implements ConsumerRebalanceListener {

  private static final Logger LOG = LoggerFactory.getLogger(Assignment.class);

  /** How soon a rebalance that waits for handlers sees that the loop ends. */
  private static final Duration SLICE = Duration.ofMillis(50);

  private final ConsumerSettings<K, V> settings;
  private final Deserialization<K, V> deserialization;
  private final CommitStrategy<K, V> committer;
  private final Starts<K, V> starts;
  private final HealthCheck health;
  private final BackPressure<K, V> backPressure;
  private final ConsumerCore.Listener listener;
  private final Map<TopicPartition, Partition<K, V>> partitions = new ConcurrentHashMap<>();

  /** Partitions that were revoked while their handlers ran. */
  private final Map<TopicPartition, Partition<K, V>> left = new HashMap<>();

  private volatile boolean stopped;

  /** A topic has no route; only for the poll thread. */
  private @Nullable IllegalStateException refusal;

  /** The deadline of the end of the consumer; null before the end. */
  private @Nullable Long endBy;

  Assignment(
      ConsumerSettings<K, V> settings,
      Deserialization<K, V> deserialization,
      CommitStrategy<K, V> committer,
      Starts<K, V> starts,
      HealthCheck health,
      BackPressure<K, V> backPressure,
      ConsumerCore.Listener listener) {
    this.settings = settings;
    this.deserialization = deserialization;
    this.committer = committer;
    this.starts = starts;
    this.health = health;
    this.backPressure = backPressure;
    this.listener = listener;
  }

  Collection<Partition<K, V>> partitions() {
    return Collections.unmodifiableCollection(partitions.values());
  }

  Set<TopicPartition> names() {
    return Collections.unmodifiableSet(partitions.keySet());
  }

  @Nullable Partition<K, V> get(TopicPartition name) {
    return partitions.get(name);
  }

  /** Makes rebalances stop waiting. At the end, the loop has already waited for the handlers. */
  void stop() {
    stopped = true;
  }

  /** The poll thread is about to close the consumer. Everything must be over by the deadline. */
  void endBy(long deadline) {
    endBy = deadline;
  }

  /** At the end, half of the time is left for leaving the group after the commit. */
  private Duration commitTimeout() {
    return endBy == null ? settings.closeTimeout : Time.left(endBy).dividedBy(2);
  }

  /**
   * Replaces the partition as if it had been revoked and assigned again at once, but without the
   * knowledge of settled records.
   */
  Partition<K, V> beginAgain(Partition<K, V> partition) {
    partition.revoke();
    partition.forget();
    Partition<K, V> again = newPartition(partition.name());
    follow(again, partition);
    partitions.put(partition.name(), again);
    partition.observer().released();
    return again;
  }

  /**
   * Makes the partition wait for running handlers of the previous assignment, unless the two may
   * overlap.
   */
  private void follow(Partition<K, V> partition, @Nullable Partition<K, V> earlier) {
    if (!settings.overlapping) {
      partition.after(earlier);
    }
  }

  private Partition<K, V> newPartition(TopicPartition name) {
    var partition = new Partition<>(name, settings.ordering, deserialization, listener::ready);
    partition.skipIf(settings::skips);
    partition.observe(
        settings.observer.assigned(settings.group(), () -> backPressure.status(partition)));
    return partition;
  }

  private void checkRoute(String topic) {
    try {
      if (settings.routes != null) {
        settings.routes.check(topic);
      }
    } catch (IllegalArgumentException e) {
      refusal = new IllegalStateException(e.getMessage(), e);
    }
  }

  /**
   * Ends the consumer after the assignment of a topic that has no route. Not in the assignment
   * itself: Kafka would wrap the exception.
   */
  void throwRefusal() {
    IllegalStateException known = refusal;
    if (known != null) {
      throw known;
    }
  }

  // Called by the consumer's poll and close

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> names) {
    health.joined();
    Map<TopicPartition, Partition<K, V>> assigned = new HashMap<>();
    for (TopicPartition name : names) {
      checkRoute(name.topic());
      Partition<K, V> partition = newPartition(name);
      follow(partition, left.remove(name));
      assigned.put(name, partition);
    }
    partitions.putAll(assigned);
    if (!assigned.isEmpty()) {
      starts.assigned(assigned.values());
    }
    tell(names, Set.of());
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> names) {
    List<Partition<K, V>> revoked = revoke(names);
    long deadline = Time.nanoTime() + (stopped ? 0 : settings.revokeTimeout.toNanos());
    try {
      for (Partition<K, V> partition : revoked) {
        if (!awaitIdle(partition, deadline)) {
          LOG.warn(
              "handlers of {} outlast the revoke timeout; their records will be redelivered",
              partition);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    }
    committer.commitNow(revoked, commitTimeout());
    forget(revoked, names);
  }

  /**
   * Waits until the deadline. At the end of the loop it does not wait, because the loop has done
   * so.
   */
  private boolean awaitIdle(Partition<K, V> partition, long deadline) throws InterruptedException {
    Duration left = Time.left(deadline);
    while (!partition.awaitIdle(left.compareTo(SLICE) < 0 ? left : SLICE)) {
      listener.turned();
      left = Time.left(deadline);
      if (left.isZero() || stopped) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> names) {
    forget(revoke(names), names);
  }

  private List<Partition<K, V>> revoke(Collection<TopicPartition> names) {
    List<Partition<K, V>> revoked = new ArrayList<>();
    for (TopicPartition name : names) {
      Partition<K, V> partition = partitions.get(name);
      if (partition != null) {
        partition.revoke();
        revoked.add(partition);
      }
    }
    return revoked;
  }

  /** For the end, if the consumer has not revoked the partitions itself. */
  void forgetAll() {
    forget(List.copyOf(partitions.values()), Set.of());
  }

  private void forget(List<Partition<K, V>> revoked, Collection<TopicPartition> names) {
    left.values().removeIf(Partition::isIdle);
    for (Partition<K, V> partition : revoked) {
      partitions.remove(partition.name());
      partition.observer().released();
      partition.forget();
      if (!partition.isIdle()) {
        left.put(partition.name(), partition);
      }
    }
    tell(Set.of(), names);
  }

  private void tell(Collection<TopicPartition> claimed, Collection<TopicPartition> released) {
    if (claimed.isEmpty() && released.isEmpty()) {
      return;
    }
    var notification =
        new Notification(Set.copyOf(claimed), Set.copyOf(released), partitions.keySet());
    LOG.debug("{}", notification);
    listener.rebalanced(notification);
    settings.observer.rebalanced(settings.group(), notification);
  }
}
