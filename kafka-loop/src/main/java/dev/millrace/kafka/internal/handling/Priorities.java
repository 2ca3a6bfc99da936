package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.internal.partition.Partition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The order in which topics are handed out. Thread-safe. */
/*
 * Strict priorities would let a busy topic starve the others. So every TENTH choice goes to the
 * partitions behind the highest level, in turn, if one of them has a record.
 */
public final class Priorities {

  /** Of this number of choices, one is for the partitions that are not of the highest level. */
  public static final int TENTH = 10;

  private final List<String> topics;
  private final AtomicInteger choices = new AtomicInteger();

  /** The topics with the highest one first; all other topics come behind them. */
  public Priorities(List<String> topics) {
    this.topics = List.copyOf(topics);
  }

  /** Whether no topic goes before another one. */
  public boolean isNone() {
    return topics.isEmpty();
  }

  /** The level of a topic; 0 is the highest. */
  int level(String topic) {
    int place = topics.indexOf(topic);
    return place < 0 ? topics.size() : place;
  }

  private int level(Partition<?, ?> partition) {
    return level(partition.name().topic());
  }

  /** The partitions in the order in which the next record should be looked for. */
  public <K, V> List<Partition<K, V>> order(Collection<Partition<K, V>> partitions) {
    List<Partition<K, V>> ordered = new ArrayList<>(partitions);
    ordered.removeIf(partition -> !partition.hasReady());
    if (ordered.size() < 2) {
      return ordered;
    }
    int choice = choices.getAndIncrement();
    Collections.rotate(ordered, choice % ordered.size()); // the same level takes turns
    ordered.sort(Comparator.comparingInt(this::level));
    if (Math.floorMod(choice, TENTH) == TENTH - 1) {
      int highest = level(ordered.getFirst());
      List<Partition<K, V>> lower = ordered.stream().filter(one -> level(one) > highest).toList();
      if (!lower.isEmpty()) {
        Partition<K, V> turn = lower.get(Math.floorMod(choice / TENTH, lower.size()));
        ordered.remove(turn);
        ordered.addFirst(turn);
      }
    }
    return ordered;
  }
}
