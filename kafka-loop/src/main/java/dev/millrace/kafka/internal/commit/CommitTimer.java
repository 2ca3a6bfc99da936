package dev.millrace.kafka.internal.commit;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.time.Duration;
import java.util.Collection;
import java.util.function.Predicate;

/**
 * Decides when a commit is due: after the interval, after a number of settled records, or at once
 * if a partition cannot wait. After a failed commit, only the interval counts; otherwise commits
 * would be repeated without a pause. For the poll thread only.
 */
final class CommitTimer<K, V> {

  private final ConsumerSettings<K, V> settings;
  private boolean failing;
  private long last = Time.nanoTime();

  CommitTimer(ConsumerSettings<K, V> settings) {
    this.settings = settings;
  }

  /** A commit begins. */
  void begin() {
    last = Time.nanoTime();
  }

  /** When the last commit began, as {@link System#nanoTime}. */
  long last() {
    return last;
  }

  /** Sets whether the last commit has failed. */
  void failing(boolean is) {
    failing = is;
  }

  /** The rest of the interval; zero or negative if it is over. */
  Duration untilDue() {
    return settings.untilNextCommit().minusNanos(Time.nanoTime() - last);
  }

  /**
   * Whether a commit is due.
   *
   * @param urgent whether a partition cannot wait for the end of the interval
   */
  boolean isDue(Collection<Partition<K, V>> partitions, Predicate<Partition<K, V>> urgent) {
    if (!untilDue().isPositive()) {
      return true;
    }
    if (failing) {
      return false;
    }
    long uncommitted = 0;
    for (Partition<K, V> partition : partitions) {
      uncommitted += partition.commits().uncommitted();
      if (partition.startIsUncommitted() || urgent.test(partition)) {
        return true;
      }
    }
    return uncommitted >= settings.commitEvery;
  }
}
