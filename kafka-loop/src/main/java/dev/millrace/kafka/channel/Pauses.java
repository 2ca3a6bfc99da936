package dev.millrace.kafka.channel;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;

/**
 * The partitions that the application has paused. They stay so, whatever rebalances do, until it
 * resumes them. Safe for use by many threads.
 */
final class Pauses {

  private final Set<TopicPartition> names = ConcurrentHashMap.newKeySet();

  void add(Collection<TopicPartition> more) {
    names.addAll(more);
  }

  void remove(Collection<TopicPartition> some) {
    names.removeAll(Set.copyOf(some));
  }

  boolean contains(TopicPartition name) {
    return names.contains(name);
  }

  Set<TopicPartition> all() {
    return Set.copyOf(names);
  }
}
