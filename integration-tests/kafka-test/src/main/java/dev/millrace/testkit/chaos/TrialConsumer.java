package dev.millrace.testkit.chaos;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** A consumer of a {@link TrialTopic}. Kafka's mock does the bookkeeping of positions. */
final class TrialConsumer extends MockConsumer<byte[], byte[]> {

  private static final int MOST = 50;
  private static final long IDLE = 5;

  private final String member;
  private final TrialTopic topic;
  private volatile boolean dead;

  TrialConsumer(String member, TrialTopic topic) {
    super("earliest");
    this.member = member;
    this.topic = topic;
    Map<TopicPartition, Long> beginnings = new HashMap<>();
    topic.partitions().forEach(one -> beginnings.put(one, 0L));
    updateBeginningOffsets(beginnings);
  }

  /** From now on it reaches no broker, as a process that was killed. */
  void die() {
    dead = true;
  }

  /** Changes the assignment; called in the thread that polls. */
  void assignNow(Collection<TopicPartition> partitions) {
    Set<TopicPartition> added = new HashSet<>(partitions);
    added.removeAll(assignment());
    for (TopicPartition one : added) {
      topic.owner(one, member);
    }
    Map<TopicPartition, OffsetAndMetadata> known = new HashMap<>(topic.committed());
    known.keySet().retainAll(partitions);
    super.commitAsync(known, null); // the mock reads its positions from its own commits
    rebalance(partitions);
  }

  @Override
  public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    Map<TopicPartition, Long> ends = new HashMap<>();
    for (TopicPartition one : assignment()) {
      ends.put(one, topic.end(one));
      if (!dead && !paused().contains(one)) {
        topic.from(one, position(one), MOST).forEach(this::addRecord);
      }
    }
    updateEndOffsets(ends);
    ConsumerRecords<byte[], byte[]> records = super.poll(timeout);
    if (records.isEmpty()) {
      pause(Math.min(IDLE, timeout.toMillis()));
    }
    return records;
  }

  /** The mock returns at once; a loop that polls it in vain should not spin. */
  @SuppressWarnings("WaitNotInLoop") // an early return is another poll
  private void pause(long millis) {
    if (millis > 0) {
      try {
        wait(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // the loop looks at it
      }
    }
  }

  @Override
  public synchronized Map<TopicPartition, OffsetAndMetadata> committed(
      Set<TopicPartition> partitions, Duration timeout) {
    return committed(partitions);
  }

  @Override
  public synchronized Map<TopicPartition, OffsetAndMetadata> committed(
      Set<TopicPartition> partitions) {
    check();
    Map<TopicPartition, OffsetAndMetadata> known = new HashMap<>(topic.committed());
    known.keySet().retainAll(partitions);
    return known;
  }

  @Override
  public synchronized void commitSync(
      Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
    commit(offsets);
  }

  @Override
  public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
    commit(offsets);
  }

  @Override
  public synchronized void commitAsync(
      Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
    try {
      commit(offsets);
    } catch (KafkaException e) {
      callback.onComplete(offsets, e);
      return;
    }
    callback.onComplete(offsets, null);
  }

  private void commit(Map<TopicPartition, OffsetAndMetadata> offsets) {
    check();
    topic.commit(member, offsets);
    super.commitAsync(offsets, null);
  }

  private void check() {
    if (dead) {
      throw new TimeoutException("the process is dead");
    }
  }
}
