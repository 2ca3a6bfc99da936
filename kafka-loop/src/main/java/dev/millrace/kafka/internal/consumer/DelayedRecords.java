package dev.millrace.kafka.internal.consumer;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.RetryRecords;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;

/**
 * Holds the polled records of retry topics back until they are due. Only the poll thread uses it.
 */
/*
 * A partition whose first held record is not due is paused, so it holds at most the records of one
 * poll. The partition object gets a record when it is due, in the order of the offsets. Before
 * that, the record does not exist for the partition. The position of the partition is before the
 * record, so no commit passes the record, and a rebalance or a restart polls it again. All records
 * of a retry topic have the same delay, so the first one is due first. If the clocks of their
 * senders differ, a record that is due may wait for the first one.
 *
 * The header has a wall-clock time. It becomes an instant of System.nanoTime when the record is
 * polled, so that a clock that is set later moves nothing, and is capped at the topic's delay.
 */
final class DelayedRecords<K, V> {

  private record Waiting(ConsumerRecord<byte[], byte[]> record, long dueAt) {}

  /** The records of a partition that are not due, and the position behind them. */
  private static final class Queue {
    final ArrayDeque<Waiting> records = new ArrayDeque<>();
    OffsetAndMetadata end = new OffsetAndMetadata(0);
  }

  private final Map<String, Duration> delays;
  private final IdentityHashMap<Partition<K, V>, Queue> queues = new IdentityHashMap<>();

  /**
   * Nothing is held.
   *
   * @param delays the longest time that a record is held, by topic; other topics are not held
   */
  DelayedRecords(Map<String, Duration> delays) {
    this.delays = delays;
  }

  /** Adds polled records to their partition, now or when they are due. */
  void add(
      Partition<K, V> partition,
      List<ConsumerRecord<byte[], byte[]>> records,
      OffsetAndMetadata next) {
    Duration delay = delays.get(partition.name().topic());
    if (delay == null || partition.isHeld()) {
      partition.add(records, next); // while its start is not known, the partition refuses them
      return;
    }
    Queue queue = queues.computeIfAbsent(partition, name -> new Queue());
    long now = Time.nanoTime();
    long time = Time.currentTimeMillis();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      long left = Math.min(RetryRecords.due(record) - time, delay.toMillis());
      queue.records.add(new Waiting(record, now + TimeUnit.MILLISECONDS.toNanos(left)));
    }
    queue.end = next;
    if (release(partition, queue, now)) {
      queues.remove(partition);
    }
  }

  /**
   * Adds the records that have become due to their partitions. Forgets the records of partitions
   * that are not owned any more, and of partitions whose start is asked for again: those records
   * are polled again.
   *
   * @return whether there was one
   */
  boolean release(Collection<Partition<K, V>> owned) {
    if (queues.isEmpty()) {
      return false;
    }
    queues.keySet().removeIf(partition -> partition.isHeld() || !owned.contains(partition));
    boolean any = false;
    long now = Time.nanoTime();
    for (Iterator<Map.Entry<Partition<K, V>, Queue>> i = queues.entrySet().iterator();
        i.hasNext(); ) {
      Map.Entry<Partition<K, V>, Queue> entry = i.next();
      int before = entry.getValue().records.size();
      boolean isEmpty = release(entry.getKey(), entry.getValue(), now);
      any |= entry.getValue().records.size() < before;
      if (isEmpty) {
        i.remove();
      }
    }
    return any;
  }

  /** Whether nothing is left. */
  private boolean release(Partition<K, V> partition, Queue queue, long now) {
    List<ConsumerRecord<byte[], byte[]>> due = new ArrayList<>();
    while (!queue.records.isEmpty() && queue.records.getFirst().dueAt - now <= 0) {
      due.add(queue.records.removeFirst().record);
    }
    if (queue.records.isEmpty()) {
      partition.add(due, queue.end);
      return true;
    }
    if (!due.isEmpty()) {
      long next = queue.records.getFirst().record.offset();
      partition.add(due, new OffsetAndMetadata(next, due.getLast().leaderEpoch(), ""));
    }
    return false;
  }

  /** Whether records of the partition are held: then no more are fetched. */
  boolean holds(Partition<K, V> partition) {
    return queues.containsKey(partition);
  }

  /** The time until the next record is due, at most that. */
  Duration untilDue(Duration longest) {
    long now = Time.nanoTime();
    long least = longest.toNanos();
    for (Queue queue : queues.values()) {
      least = Math.min(least, queue.records.getFirst().dueAt - now);
    }
    return Duration.ofNanos(Math.max(least, 0));
  }
}
