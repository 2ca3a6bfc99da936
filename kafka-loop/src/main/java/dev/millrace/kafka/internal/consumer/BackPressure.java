package dev.millrace.kafka.internal.consumer;

import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.Pauses;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Pauses exactly these partitions: full ones, ones that the application has paused, ones whose
 * position is not known yet, and ones whose records are not due. The poll thread pauses; any thread
 * may ask.
 */
final class BackPressure<K, V> {

  private static final Duration SHORTEST = Duration.ofMillis(5);

  /** A partition that waited for a stuck record can wait this long for its next poll. */
  private static final Duration LONGEST = Duration.ofMillis(40);

  private final Consumer<?, ?> consumer;
  private final ConsumerSettings<K, V> settings;
  private final Pauses pauses;
  private final Predicate<Partition<K, V>> isHeldBack;
  private volatile Set<TopicPartition> full = Set.of();
  private Duration whileFull = SHORTEST; // of the poll thread

  BackPressure(
      Consumer<?, ?> consumer,
      ConsumerSettings<K, V> settings,
      Pauses pauses,
      Predicate<Partition<K, V>> isHeldBack) {
    this.consumer = consumer;
    this.settings = settings;
    this.pauses = pauses;
    this.isHeldBack = isHeldBack;
  }

  /** The partitions that were full before the last poll. */
  Set<TopicPartition> full() {
    return full;
  }

  PartitionStatus status(Partition<K, V> partition) {
    TopicPartition name = partition.name();
    return partition.progress().status(pauses.contains(name) || full.contains(name));
  }

  /**
   * How long the next poll may take. While a partition is full, only the poll thread can resume it,
   * so polls are short. Each poll allocates some kilobytes, so polls get longer while nothing
   * changes. A poll is never longer than the time since the partition became full. In that time,
   * half of its records were taken; the other half lasts for the same time.
   *
   * @param otherwise the result if no partition is full
   */
  Duration pollTimeout(Duration otherwise) {
    return full.isEmpty() ? otherwise : whileFull;
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
      boolean shouldPause =
          isFull
              || partition.isHeld()
              || isHeldBack.test(partition)
              || pauses.contains(partition.name());
      if (shouldPause && !isPaused) {
        pause.add(partition.name());
      } else if (isPaused && !shouldPause) {
        resume.add(partition.name());
      }
    }
    Duration twice = whileFull.multipliedBy(2);
    whileFull = !nowFull.equals(full) ? SHORTEST : twice.compareTo(LONGEST) < 0 ? twice : LONGEST;
    full = nowFull;
    if (!pause.isEmpty()) {
      consumer.pause(pause);
    }
    if (!resume.isEmpty()) {
      consumer.resume(resume);
    }
  }
}
