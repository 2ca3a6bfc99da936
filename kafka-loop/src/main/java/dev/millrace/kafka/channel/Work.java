package dev.millrace.kafka.channel;

import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Pauses;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * The attempts and messages that wait for a worker: batches and attempts that are due again, and
 * the messages of the partitions that are not paused. Attempts go before messages. Thread-safe,
 * without a lock.
 */
final class Work<K, V> {

  private final Queue<Attempt<K, V>> due = new ConcurrentLinkedQueue<>();
  private final Runnable onTaken;
  private volatile Collection<Partition<K, V>> partitions = List.of();
  private volatile Pauses pauses = new Pauses();

  /**
   * No work yet.
   *
   * @param onTaken is called when an attempt was taken, so that another one may be given; must not
   *     block
   */
  Work(Runnable onTaken) {
    this.onTaken = onTaken;
  }

  /** The messages of these partitions are work, too. The collection changes with the assignment. */
  void attach(Collection<Partition<K, V>> all, Pauses paused) {
    partitions = all;
    pauses = paused;
  }

  /** Adds an attempt that has not begun. */
  void give(Attempt<K, V> attempt) {
    due.add(attempt);
  }

  /** Whether an attempt waits. */
  boolean isAnyDue() {
    return !due.isEmpty();
  }

  /** The next attempt, begun; null if there is none. */
  @Nullable Attempt<K, V> nextDue() {
    for (Attempt<K, V> given = due.poll(); given != null; given = due.poll()) {
      onTaken.run();
      Attempt<K, V> attempt = given.begin();
      if (!attempt.messages().isEmpty()) {
        return attempt;
      }
    }
    return null;
  }

  /** The partitions whose messages are work. */
  Collection<Partition<K, V>> partitions() {
    return partitions;
  }

  /** Whether there are partitions to take messages from. */
  boolean hasPartitions() {
    return !partitions.isEmpty();
  }

  /** Whether the application has paused that partition. */
  boolean isPaused(Partition<K, V> partition) {
    return pauses.contains(partition.name());
  }

  /** Whether an attempt or a message is ready. */
  boolean isAnyReady() {
    if (!due.isEmpty()) {
      return true;
    }
    for (Partition<K, V> partition : partitions) {
      if (partition.hasReady() && !isPaused(partition)) {
        return true;
      }
    }
    return false;
  }
}
