package dev.millrace.kafka.internal;

import dev.millrace.kafka.PartitionStatus;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Pauses the partitions that are full, those that the application has paused, and those whose
 * position is not known yet, and no others. The poll thread pauses, anybody asks.
 */
final class BackPressure<K, V> {

  private final Consumer<?, ?> consumer;
  private final ConsumerSettings<K, V> settings;
  private final Pauses pauses;
  private volatile Set<TopicPartition> full = Set.of();

  BackPressure(Consumer<?, ?> consumer, ConsumerSettings<K, V> settings, Pauses pauses) {
    this.consumer = consumer;
    this.settings = settings;
    this.pauses = pauses;
  }

  /** Which partitions were full before the last poll. */
  Set<TopicPartition> full() {
    return full;
  }

  PartitionStatus status(Partition<K, V> partition) {
    TopicPartition name = partition.name();
    return partition.status(pauses.contains(name) || full.contains(name));
  }

  void pauseWhatIsFull(Collection<Partition<K, V>> partitions) {
    Set<TopicPartition> paused = consumer.paused();
    Set<TopicPartition> pause = new HashSet<>();
    Set<TopicPartition> resume = new HashSet<>();
    Set<TopicPartition> nowFull = new HashSet<>();
    for (Partition<K, V> partition : partitions) {
      boolean isPaused = paused.contains(partition.name());
      int backlog = isPaused ? settings.buffer / 2 + 1 : settings.buffer;
      boolean isFull = partition.isFull(backlog, settings.lookAhead, settings.lookAheadBytes);
      if (isFull) {
        nowFull.add(partition.name());
      }
      boolean shouldPause = isFull || partition.isHeld() || pauses.contains(partition.name());
      if (shouldPause && !isPaused) {
        pause.add(partition.name());
      } else if (isPaused && !shouldPause) {
        resume.add(partition.name());
      }
    }
    full = nowFull;
    if (!pause.isEmpty()) {
      consumer.pause(pause);
    }
    if (!resume.isEmpty()) {
      consumer.resume(resume);
    }
  }
}
