package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * A topic in memory, with the commits of one group, and the oracle that watches both. Each commit
 * is checked before it is stored. Thread-safe.
 */
final class TrialTopic {

  static final String NAME = "trial";

  private final List<List<ConsumerRecord<byte[], byte[]>>> records = new ArrayList<>();
  private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
  private final Map<TopicPartition, String> owners = new HashMap<>();
  private final Set<String> killed = new HashSet<>();
  private final Oracle oracle;

  TrialTopic(int partitions, Oracle oracle) {
    this.oracle = oracle;
    for (int i = 0; i < partitions; i++) {
      records.add(new ArrayList<>());
    }
  }

  synchronized List<TopicPartition> partitions() {
    List<TopicPartition> all = new ArrayList<>();
    for (int i = 0; i < records.size(); i++) {
      all.add(new TopicPartition(NAME, i));
    }
    return all;
  }

  synchronized void add(int partition, byte[] key, byte[] value, String name) {
    List<ConsumerRecord<byte[], byte[]>> log = records.get(partition);
    long offset = log.size();
    log.add(new ConsumerRecord<>(NAME, partition, offset, key, value));
    oracle.produced(partition, offset, name);
  }

  /** The records from an offset on, at most {@code most}. */
  synchronized List<ConsumerRecord<byte[], byte[]>> from(
      TopicPartition partition, long offset, int most) {
    List<ConsumerRecord<byte[], byte[]>> log = records.get(partition.partition());
    int first = (int) Math.min(log.size(), offset);
    return List.copyOf(log.subList(first, Math.min(log.size(), first + most)));
  }

  synchronized long end(TopicPartition partition) {
    return records.get(partition.partition()).size();
  }

  synchronized void owner(TopicPartition partition, String member) {
    owners.put(partition, member);
  }

  /** From now on, no commit of the member arrives, not even one that is under way. */
  synchronized void kill(String member) {
    killed.add(member);
    event(member, Kind.KILLED, -1, -1, -1, "", "");
  }

  /**
   * Stores offsets.
   *
   * @throws CommitFailedException if the member does not own the partitions
   * @throws TimeoutException if the member was killed
   */
  synchronized void commit(String member, Map<TopicPartition, OffsetAndMetadata> offsets) {
    if (killed.contains(member)) {
      throw new TimeoutException("the process is dead");
    }
    offsets
        .keySet()
        .forEach(
            partition -> {
              if (!member.equals(owners.get(partition))) {
                throw new CommitFailedException(member + " does not own " + partition);
              }
            });
    committed.putAll(offsets);
    Map<Integer, Long> answer = new HashMap<>();
    offsets.forEach(
        (partition, offset) -> {
          answer.put(partition.partition(), offset.offset());
          event(member, Kind.COMMIT, partition.partition(), offset.offset(), -1, "", "");
        });
    oracle.asked(answer);
  }

  synchronized Map<TopicPartition, OffsetAndMetadata> committed() {
    return Map.copyOf(committed);
  }

  synchronized void event(
      String member, Kind kind, int partition, long offset, long epoch, String key, String detail) {
    oracle.event(
        new Event(
            member,
            System.nanoTime(),
            System.currentTimeMillis(),
            kind,
            partition,
            offset,
            epoch,
            key,
            detail));
  }

  synchronized void letter(int partition, long offset) {
    oracle.letter(partition, offset);
  }

  /** The end of a trial: all records must be processed and committed. */
  synchronized List<Violation> end() {
    oracle.end();
    return oracle.violations();
  }

  synchronized List<Violation> violations() {
    return oracle.violations();
  }

  synchronized boolean isCommitted() {
    return partitions().stream().allMatch(one -> end(one) == 0 || offset(one) >= end(one));
  }

  private long offset(TopicPartition partition) {
    OffsetAndMetadata offset = committed.get(partition);
    return offset == null ? -1 : offset.offset();
  }

  /** For messages: the committed offset and the end of each partition. */
  @Override
  public synchronized String toString() {
    var text = new StringBuilder();
    for (TopicPartition one : partitions()) {
      text.append(text.isEmpty() ? "" : "; ");
      text.append(
          "p%d of %s: committed %d of %d"
              .formatted(one.partition(), owners.get(one), offset(one), end(one)));
    }
    return text.toString();
  }
}
