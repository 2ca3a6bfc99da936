package dev.millrace.kafka.internal.settings;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;

/**
 * The partitions that the application has paused: the named ones, or all except for the resumed
 * ones. Pauses also apply to partitions that are assigned later. Thread-safe.
 */
public final class Pauses {

  private final Set<TopicPartition> names = ConcurrentHashMap.newKeySet();

  /** While {@link #all}: the partitions that are not paused. */
  private final Set<TopicPartition> resumed = ConcurrentHashMap.newKeySet();

  private volatile boolean all;

  /** An independent copy. */
  public synchronized Pauses copy() {
    var copy = new Pauses();
    copy.names.addAll(names);
    copy.resumed.addAll(resumed);
    copy.all = all;
    return copy;
  }

  /** Pauses these partitions. */
  public synchronized void add(Collection<TopicPartition> more) {
    names.addAll(more);
    resumed.removeAll(Set.copyOf(more));
  }

  /** Resumes these partitions. */
  public synchronized void remove(Collection<TopicPartition> some) {
    if (all) {
      resumed.addAll(some);
    }
    names.removeAll(Set.copyOf(some));
  }

  /** Pauses all partitions. */
  public synchronized void addAll() {
    resumed.clear();
    all = true;
  }

  /** Resumes all partitions. */
  public synchronized void removeAll() {
    all = false;
    resumed.clear();
    names.clear();
  }

  /** Whether this partition is paused. */
  public boolean contains(TopicPartition name) {
    return names.contains(name) || (all && !resumed.contains(name));
  }

  /** The partitions that were paused by their names. */
  public Set<TopicPartition> named() {
    return Set.copyOf(names);
  }
}
