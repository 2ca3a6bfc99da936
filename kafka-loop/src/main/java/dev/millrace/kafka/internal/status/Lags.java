package dev.millrace.kafka.internal.status;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.internal.cluster.Questions;
import dev.millrace.kafka.internal.cluster.Questions.Place;
import dev.millrace.kafka.internal.partition.Partition;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** Finds the ends of the logs, once a second. For the poll thread only; does not block. */
/*
 * The consumer knows the end of a log from its last fetch. That is not enough in two cases. A
 * paused partition is not fetched. A consumer of committed records learns only the end of the
 * committed part. For these partitions the brokers are asked, with one question for all, and an
 * answer for each partition. A partition is asked for again only when its answer has arrived, or
 * its question has timed out.
 */
public final class Lags<K, V> {

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Consumer<?, ?> consumer;
  private final Questions questions;
  private final boolean readsCommitted;
  private final Set<Partition<K, V>> asked = ConcurrentHashMap.newKeySet();
  private long last = Time.nanoTime() - INTERVAL.toNanos();

  public Lags(Consumer<?, ?> consumer, Questions questions, IsolationLevel isolation) {
    this.consumer = consumer;
    this.questions = questions;
    this.readsCommitted = isolation == IsolationLevel.READ_COMMITTED;
  }

  public void askIfDue(Collection<Partition<K, V>> partitions) {
    long now = Time.nanoTime();
    if (now - last < INTERVAL.toNanos()) {
      return;
    }
    last = now;
    Set<TopicPartition> paused = consumer.paused();
    Map<TopicPartition, Partition<K, V>> unknown = new HashMap<>();
    for (Partition<K, V> partition : partitions) {
      if (partition.isHeld()) {
        continue; // the partition has no real position
      }
      TopicPartition name = partition.name();
      OptionalLong lag = consumer.currentLag(name);
      boolean asks =
          !questions.isBlocking() && (lag.isEmpty() || readsCommitted || paused.contains(name));
      if (asks) {
        unknown.put(name, partition);
      }
      if (lag.isPresent()
          && (!asks || !partition.progress().knowsEnd())) { // then it has a position, too
        partition.progress().fetchedEnd(consumer.position(name) + lag.getAsLong());
      }
    }
    ask(unknown);
  }

  private void ask(Map<TopicPartition, Partition<K, V>> partitions) {
    Map<TopicPartition, Place> ends = new HashMap<>();
    partitions.forEach(
        (name, partition) -> {
          if (asked.add(partition)) {
            ends.put(name, Place.END);
          }
        });
    if (ends.isEmpty()) {
      return;
    }
    var all = questions.offsets(ends, IsolationLevel.READ_UNCOMMITTED);
    var stable = readsCommitted ? questions.offsets(ends, IsolationLevel.READ_COMMITTED) : all;
    for (TopicPartition name : ends.keySet()) {
      Partition<K, V> partition = Objects.requireNonNull(partitions.get(name));
      CompletableFuture<?> _ =
          Objects.requireNonNull(all.get(name))
              .thenCombine(
                  Objects.requireNonNull(stable.get(name)),
                  (end, visible) -> {
                    if (end.isPresent() && visible.isPresent()) {
                      partition.progress().ends(end.get().offset(), visible.get().offset());
                    }
                    return end;
                  })
              .whenComplete((end, failure) -> asked.remove(partition));
    }
  }
}
