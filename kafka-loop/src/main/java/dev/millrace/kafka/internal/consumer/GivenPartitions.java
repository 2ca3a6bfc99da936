package dev.millrace.kafka.internal.consumer;

import dev.millrace.kafka.Reading;
import dev.millrace.kafka.internal.cluster.Questions;
import dev.millrace.kafka.internal.cluster.Questions.Place;
import dev.millrace.kafka.internal.partition.Partition;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * The partitions of a loop without a group: assigns them, and knows their ends if the loop has one.
 * For the poll thread only.
 */
final class GivenPartitions<K, V> {

  /** How long a poll waits for the partitions of a topic; the question is asked again. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Reading reading;
  private final Consumer<?, ?> consumer;
  private final Questions questions;
  private final IsolationLevel isolation;
  private final Runnable onEnd;
  private Set<TopicPartition> names = Set.of();
  private Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> ends = Map.of();
  private boolean assigned;
  private boolean over;

  /**
   * Partitions that are not assigned yet.
   *
   * @param onEnd called once, when all records are settled that existed at the start
   */
  GivenPartitions(
      Reading reading,
      Consumer<?, ?> consumer,
      Questions questions,
      IsolationLevel isolation,
      Runnable onEnd) {
    this.reading = reading;
    this.consumer = consumer;
    this.questions = questions;
    this.isolation = isolation;
    this.onEnd = onEnd;
  }

  /**
   * Assigns the partitions, if they and their ends are known by now. Returns whether they are
   * assigned.
   *
   * @throws KafkaException if a broker refuses an answer, or does not answer in time
   */
  boolean assign(ConsumerRebalanceListener listener) {
    if (assigned) {
      return true;
    }
    if (names.isEmpty()) {
      names = find();
    }
    if (reading.endsAtEnd() && ends.isEmpty()) {
      Map<TopicPartition, Place> places = new HashMap<>();
      names.forEach(name -> places.put(name, Place.END));
      ends = questions.offsets(places, isolation);
    }
    if (!ends.values().stream().allMatch(CompletableFuture::isDone)) {
      return false;
    }
    try {
      ends.values().forEach(CompletableFuture::join);
    } catch (CompletionException e) {
      ends = Map.of();
      throw e.getCause() instanceof KafkaException known
          ? known
          : new KafkaException("the ends of the partitions are not known", e.getCause());
    }
    consumer.assign(names);
    assigned = true;
    listener.onPartitionsAssigned(names);
    return true;
  }

  private Set<TopicPartition> find() {
    Set<TopicPartition> all = new HashSet<>(reading.partitions());
    all.addAll(reading.offsets().keySet());
    for (String topic : reading.topics()) {
      List<PartitionInfo> known = consumer.partitionsFor(topic, PATIENCE);
      if (known == null || known.isEmpty()) {
        throw new UnknownTopicOrPartitionException(
            "the topic '%s' does not exist: create it".formatted(topic));
      }
      known.forEach(one -> all.add(new TopicPartition(topic, one.partition())));
    }
    return all;
  }

  /** The end of a partition; null if it has none, or it is not known. */
  private @Nullable Long end(TopicPartition name) {
    CompletableFuture<Optional<OffsetAndMetadata>> known = ends.get(name);
    return known == null ? null : known.join().map(OffsetAndMetadata::offset).orElse(0L);
  }

  /** The records before the end. */
  List<ConsumerRecord<byte[], byte[]>> before(
      TopicPartition name, List<ConsumerRecord<byte[], byte[]>> records) {
    Long end = end(name);
    return end == null || records.isEmpty() || records.getLast().offset() < end
        ? records
        : records.stream().filter(record -> record.offset() < end).toList();
  }

  /** The position behind the records, at most the end. */
  OffsetAndMetadata before(TopicPartition name, OffsetAndMetadata next) {
    Long end = end(name);
    return end == null || next.offset() <= end
        ? next
        : new OffsetAndMetadata(end, next.leaderEpoch(), "");
  }

  /** Whether nothing of the partition is left to be polled. */
  boolean isRead(Partition<?, ?> partition) {
    Long end = end(partition.name());
    return end != null && !partition.isHeld() && partition.position() >= end;
  }

  /** Tells the end, when the loop has reached it. */
  void look(Collection<? extends Partition<K, V>> partitions) {
    if (over || !assigned || !reading.endsAtEnd()) {
      return;
    }
    for (Partition<K, V> partition : partitions) {
      if (!isSettled(partition)) {
        return;
      }
    }
    over = true;
    onEnd.run();
  }

  /**
   * Markers of transactions have offsets, and are no records: the consumer's position passes them.
   */
  private boolean isSettled(Partition<K, V> partition) {
    Long end = end(partition.name());
    if (end == null || partition.isHeld()) {
      return false;
    }
    long settled = partition.progress().settledTo();
    return settled >= end || (settled == partition.position() && position(partition.name()) >= end);
  }

  private long position(TopicPartition name) {
    try {
      return consumer.position(name, Duration.ZERO);
    } catch (TimeoutException e) {
      return -1;
    }
  }
}
