package dev.millrace.kafka.internal.consumer;

import dev.millrace.kafka.Notification;
import dev.millrace.kafka.internal.commit.CommitStrategy;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.report.Ends;
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
 * The partitions that this member has, each by the object of its present ownership. The poll thread
 * changes them, in rebalances; anybody may look.
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

  /** Partitions that were taken away while handlers of theirs ran. */
  private final Map<TopicPartition, Partition<K, V>> left = new HashMap<>();

  private volatile boolean stopped;

  /** Until when all must have ended, if it ends. */
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

  /** Rebalances wait for nothing any more: at the end, all has been waited for. */
  void stop() {
    stopped = true;
  }

  /** The consumer is about to be closed, by the poll thread; all must be over by then. */
  void endBy(long deadline) {
    endBy = deadline;
  }

  /** At the end the consumer is still to leave the group after the commit. */
  private Duration commitTimeout() {
    return endBy == null ? settings.closeTimeout : Ends.left(endBy).dividedBy(2);
  }

  /**
   * As if it had been taken away and come back at once, but nothing is known of what was settled.
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

  /** What runs of an earlier ownership is waited for, unless the two may overlap. */
  private void follow(Partition<K, V> partition, @Nullable Partition<K, V> earlier) {
    if (!settings.overlapping) {
      partition.after(earlier);
    }
  }

  private Partition<K, V> newPartition(TopicPartition name) {
    var partition = new Partition<>(name, settings.ordering, deserialization, listener::ready);
    partition.observe(
        settings.observer.assigned(settings.group(), () -> backPressure.status(partition)));
    return partition;
  }

  // Called by the consumer's poll and close

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> names) {
    health.joined();
    Map<TopicPartition, Partition<K, V>> assigned = new HashMap<>();
    for (TopicPartition name : names) {
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
    long deadline = System.nanoTime() + (stopped ? 0 : settings.revokeTimeout.toNanos());
    try {
      for (Partition<K, V> partition : revoked) {
        if (!awaitIdle(partition, deadline)) {
          LOG.warn(
              "handlers of {} outlast the revoke timeout; their records come again", partition);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    }
    committer.commitNow(revoked, commitTimeout());
    forget(revoked, names);
  }

  /** Until the deadline; at the end of the loop, all has been waited for. */
  private boolean awaitIdle(Partition<K, V> partition, long deadline) throws InterruptedException {
    Duration left = Ends.left(deadline);
    while (!partition.awaitIdle(left.compareTo(SLICE) < 0 ? left : SLICE)) {
      listener.turned();
      left = Ends.left(deadline);
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

  /** For the end, when the consumer has not taken them away itself. */
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
