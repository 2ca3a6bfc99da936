package dev.millrace.kafka.internal.handling;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Batching;
import dev.millrace.kafka.internal.settings.Pauses;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Gathers messages into batches, for all faces, and deserializes them. For the thread that runs a
 * loop; other threads may change the partitions.
 */
/*
 * A batch takes the first record of a lane and the records that wait for it, as far as there is
 * room. So a lane is in one batch at a time, in order, and different batches have different lanes.
 * With PARTITION, the partition is the lane, and each partition gathers a batch of its own.
 * Otherwise one batch is gathered from all partitions. A batch for which no handler is free stays
 * here and goes on growing.
 *
 * A record that cannot be deserialized, or that was in a failed batch, is a batch by itself. This
 * class detects it, because here the record can still stay in its lane until the records before it
 * are settled.
 *
 * After a slow deserializer, another thread makes the next call (see Handover). So while a record
 * is deserialized, it is in no list here, and no list is being changed.
 */
public final class Batches<K, V> {

  private static final Duration NOTHING_TO_WAIT_FOR = Duration.ofHours(1);

  private final Batching batching;
  private final Ordering ordering;
  private final Collection<Partition<K, V>> all;
  private final Pauses pauses;
  private final Handover<K, V> handover;

  /** The batches that grow, by lane or for all partitions; the oldest first. */
  private final Map<Object, Batch<K, V>> gathering = new LinkedHashMap<>();

  private final Deque<List<Delivery<K, V>>> complete = new ArrayDeque<>();
  private @Nullable Batch<K, V> due;
  private int turn;

  private record Batch<K, V>(Object key, List<Delivery<K, V>> messages, long since) {}

  /** Gathers from a live view of the partitions, without the paused ones. */
  public Batches(
      Batching batching,
      Ordering ordering,
      Collection<Partition<K, V>> partitions,
      Pauses pauses,
      Handover<K, V> handover) {
    this.batching = batching;
    this.ordering = ordering;
    this.all = partitions;
    this.pauses = pauses;
    this.handover = handover;
  }

  /** Takes ready records from the partitions in turn, until a batch is complete. */
  public void gather() {
    List.copyOf(gathering.values()).forEach(this::follow);
    List<Partition<K, V>> partitions =
        all.stream().filter(one -> !pauses.contains(one.name())).toList();
    int without = 0;
    while (complete.isEmpty() && without < partitions.size()) {
      Partition<K, V> partition = partitions.get(Math.floorMod(turn++, partitions.size()));
      Delivery<K, V> first = partition.take();
      without = first == null ? without + 1 : 0;
      if (first != null) {
        add(partition, first);
      }
    }
    due = null;
    if (!gathering.isEmpty()) {
      Batch<K, V> oldest = gathering.values().iterator().next();
      due = left(oldest).isPositive() ? null : oldest;
    }
  }

  /**
   * The batch that may be handled now, as of the last {@link #gather}: it is full, or has waited
   * for its linger. Null if there is none. The batch stays here, and may grow, until it is taken.
   */
  public @Nullable List<Delivery<K, V>> ready() {
    if (!complete.isEmpty()) {
      return complete.element();
    }
    Batch<K, V> oldest = due;
    return oldest == null ? null : oldest.messages();
  }

  /** Takes the batch that is {@link #ready}. There must be one. */
  public List<Delivery<K, V>> take() {
    List<Delivery<K, V>> full = complete.poll();
    if (full != null) {
      return full;
    }
    Batch<K, V> oldest = Objects.requireNonNull(due, "no batch is ready");
    due = null;
    gathering.remove(oldest.key());
    return oldest.messages();
  }

  /**
   * The time until the oldest batch has waited for its linger; zero or negative if it has. Very
   * long if a batch is ready already, or no batch grows.
   */
  public Duration untilDue() {
    return due != null || gathering.isEmpty()
        ? NOTHING_TO_WAIT_FOR
        : left(gathering.values().iterator().next());
  }

  private Duration left(Batch<K, V> batch) {
    return batching.linger().minusNanos(Time.nanoTime() - batch.since());
  }

  private void add(Partition<K, V> partition, Delivery<K, V> first) {
    if (first.isAlone() || !handover.prepare(first)) {
      complete.add(List.of(first));
      return;
    }
    Object key = ordering == Ordering.PARTITION ? partition : batching;
    Batch<K, V> batch =
        gathering.computeIfAbsent(key, k -> new Batch<>(k, new ArrayList<>(), Time.nanoTime()));
    batch.messages().add(first);
    follow(batch, batch.messages().size() - 1);
  }

  /** Adds the records that have arrived in its lanes. */
  private void follow(Batch<K, V> batch) {
    switch (ordering) {
      case PARTITION -> follow(batch, batch.messages().size() - 1);
      case KEY -> follow(batch, 0);
      case UNORDERED -> {}
    }
  }

  private void follow(Batch<K, V> batch, int from) {
    List<Delivery<K, V>> messages = batch.messages();
    for (int i = from; i < messages.size() && messages.size() < batching.size(); i++) {
      Delivery<K, V> next = messages.get(i).takeNext();
      if (next != null && handover.prepare(next)) {
        messages.add(next);
      } else if (next != null) {
        next.setAlone();
        next.giveBack();
      }
    }
    if (messages.size() >= batching.size()) {
      gathering.remove(batch.key());
      complete.add(messages);
    }
  }
}
