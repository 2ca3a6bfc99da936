package dev.millrace.kafka.internal.workers;

import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.handling.DueAttempts;
import dev.millrace.kafka.internal.handling.Selection;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Gate;
import dev.millrace.kafka.internal.settings.Pauses;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attempts and messages that wait for a worker: batches and attempts that are due again, and
 * the messages of the partitions that are not paused. Attempts go before messages. Thread-safe,
 * without a lock.
 */
final class Work<K, V> {

  private final DueAttempts<K, V> due;
  private final Gate gate;
  private final Runnable onTaken;
  private volatile Collection<Partition<K, V>> partitions = List.of();
  private volatile Selection selection;

  /**
   * No work yet.
   *
   * @param gate decides when a worker may take something
   * @param onTaken is called when an attempt was taken, so that another one may be given; must not
   *     block
   */
  Work(Gate gate, Runnable onTaken) {
    this.gate = gate;
    this.due = new DueAttempts<>(gate);
    this.selection = new Selection(gate, new Pauses());
    this.onTaken = onTaken;
  }

  /** The messages of these partitions are work, too. The collection changes with the assignment. */
  void attach(Collection<Partition<K, V>> all, Pauses paused) {
    partitions = all;
    selection = new Selection(gate, paused);
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
        gate.began(given.first(), attempt.first());
        return attempt;
      }
      gate.left(given.first(), given.topic());
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

  /** Takes the next message of the partition, if one may be taken now; null otherwise. */
  @Nullable Delivery<K, V> take(Partition<K, V> partition) {
    return selection.takeToHandle(partition);
  }

  /** Whether a message of this partition is ready. Takes no lock. */
  boolean isReady(Partition<K, V> partition) {
    return selection.hasReady(partition);
  }

  /** Whether an attempt or a message is ready. */
  boolean isAnyReady() {
    if (due.isAnyOpen()) {
      return true;
    }
    for (Partition<K, V> partition : partitions) {
      if (isReady(partition)) {
        return true;
      }
    }
    return false;
  }
}
