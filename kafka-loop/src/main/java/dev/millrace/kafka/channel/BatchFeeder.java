package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.Batching;
import dev.millrace.kafka.internal.ConsumerSettings;
import dev.millrace.kafka.internal.Delivery;
import dev.millrace.kafka.internal.Partition;
import dev.millrace.kafka.internal.Pauses;
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
 * Gathers messages into batches, and offers those that are full, or have waited for long enough.
 */
/*
 * A batch takes the first record of a lane and all that wait for it, as far as there is room: so a lane is
 * in one batch at a time, in order, and those of other batches are other lanes. With PARTITION, where the
 * partition is the lane, each partition has a batch of its own that is being gathered; otherwise one is gathered out
 * of all partitions. The channel has no buffer: a batch for which no handler is free goes on growing.
 *
 * A record that can not be deserialized, or that was in a batch that has failed, is a batch by itself.
 * It is found here, where it can still be left in its lane until those before it are settled.
 */
final class BatchFeeder<K, V> extends Feeder<K, V> {

  private static final Duration NOTHING_TO_WAIT_FOR = Duration.ofHours(1);

  private final Batching batching;
  private final Ordering ordering;
  private final Channel<List<Delivery<K, V>>> batches;

  /** By what they are gathered; the oldest first. */
  private final Map<Object, Batch<K, V>> gathering = new LinkedHashMap<>();

  private final Deque<List<Delivery<K, V>>> complete = new ArrayDeque<>();
  private @Nullable Batch<K, V> due;
  private int turn;

  private record Batch<K, V>(Object key, List<Delivery<K, V>> messages, long since) {}

  BatchFeeder(
      ConsumerSettings<K, V> settings,
      Batching batching,
      Collection<Partition<K, V>> partitions,
      Pauses pauses,
      Channel<Message<K, V>> messages,
      Channel<List<Delivery<K, V>>> batches) {
    super(settings.group(), partitions, pauses, messages);
    this.batching = batching;
    this.ordering = settings.ordering;
    this.batches = batches;
  }

  @Override
  void feed() throws InterruptedException {
    Select<Boolean> select =
        new Select<Boolean>()
            .onSendFrom(batches, this::offered, this::sent)
            .when(() -> due != null || !complete.isEmpty())
            .onReceive(ready(), one -> true, () -> false);
    do {
      gather();
      select.onTimeout(untilDue(), () -> true);
    } while (select.select());
  }

  private List<Delivery<K, V>> offered() {
    return complete.isEmpty() ? Objects.requireNonNull(due).messages() : complete.element();
  }

  private boolean sent() {
    if (complete.poll() == null && due != null) {
      gathering.remove(due.key());
    }
    return true;
  }

  private Duration untilDue() {
    due = null;
    if (gathering.isEmpty()) {
      return NOTHING_TO_WAIT_FOR;
    }
    Batch<K, V> oldest = gathering.values().iterator().next();
    Duration left = batching.linger().minusNanos(System.nanoTime() - oldest.since());
    if (left.isPositive()) {
      return left;
    }
    due = oldest;
    return NOTHING_TO_WAIT_FOR;
  }

  /** Takes what there is, until a batch is complete; the partitions in turn. */
  private void gather() {
    List.copyOf(gathering.values()).forEach(this::follow);
    List<Partition<K, V>> all = partitions();
    int without = 0;
    while (complete.isEmpty() && without < all.size()) {
      Partition<K, V> partition = all.get(Math.floorMod(turn++, all.size()));
      Delivery<K, V> first = partition.take();
      without = first == null ? without + 1 : 0;
      if (first != null) {
        add(partition, first);
      }
    }
  }

  private void add(Partition<K, V> partition, Delivery<K, V> first) {
    if (first.isAlone() || !deserialize(first)) {
      complete.add(List.of(first));
      return;
    }
    Object key = ordering == Ordering.PARTITION ? partition : batching;
    Batch<K, V> batch =
        gathering.computeIfAbsent(key, k -> new Batch<>(k, new ArrayList<>(), System.nanoTime()));
    batch.messages().add(first);
    follow(batch, batch.messages().size() - 1);
  }

  /** Adds what has come to its lanes. */
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
      if (next != null && deserialize(next)) {
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
