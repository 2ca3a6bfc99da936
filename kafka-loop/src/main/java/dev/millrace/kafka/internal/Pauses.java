package dev.millrace.kafka.internal;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;

/**
 * The partitions that the application has paused. They stay so, whatever rebalances do, until it
 * resumes them. Safe for use by many threads.
 */
public final class Pauses {

  private final Set<TopicPartition> names = ConcurrentHashMap.newKeySet();

  /** Pauses these. */
  public void add(Collection<TopicPartition> more) {
    names.addAll(more);
  }

  /** Resumes these. */
  public void remove(Collection<TopicPartition> some) {
    names.removeAll(Set.copyOf(some));
  }

  /** Whether that is paused. */
  public boolean contains(TopicPartition name) {
    return names.contains(name);
  }

  /** All that are paused. */
  public Set<TopicPartition> all() {
    return Set.copyOf(names);
  }
}
