package dev.millrace.testkit.chaos;

import dev.millrace.clock.internal.Time;
import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.simulation.SimulatedConsumer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;

/** The usual first version of a loop, with its defects: poll, hand over, commit. */
final class NaiveMember implements ConsumerRebalanceListener {

  private final SimulatedMember member;
  private final PlantedInSimulation defect;
  private final SimulatedConsumer consumer;
  private final Map<TopicPartition, Long> epochs = new HashMap<>();
  private long epoch;
  private int polls;

  NaiveMember(SimulatedMember member, SimulatedConsumer consumer) {
    this.member = member;
    this.defect = member.round.defect;
    this.consumer = consumer;
  }

  void run() {
    consumer.subscribe(List.of(SimulatedRound.TOPIC), this);
    while (true) { // until the process is killed
      try {
        poll();
      } catch (NoOffsetForPartitionException e) {
        Map<TopicPartition, Long> starts = consumer.beginningOffsets(e.partitions());
        starts.forEach(consumer::seek);
      } catch (OffsetOutOfRangeException e) {
        Map<TopicPartition, Long> starts = consumer.beginningOffsets(e.partitions());
        starts.forEach(consumer::seek);
      } catch (TimeoutException e) {
        Time.parkNanos(this, Duration.ofMillis(50).toNanos());
      }
    }
  }

  private void poll() {
    ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(100));
    for (ConsumerRecord<byte[], byte[]> record : records) {
      if (defect == PlantedInSimulation.COMMITS_AHEAD) {
        Thread.ofVirtual().name("handler").start(() -> handleIfOwned(record));
      } else {
        handle(record);
      }
    }
    if (records.isEmpty()) {
      return;
    }
    try {
      consumer.commitSync(records.nextOffsets());
    } catch (RebalanceInProgressException | CommitFailedException e) {
      return; // the group changes: that is not one of its defects
    }
    if (defect == PlantedInSimulation.STOPS_POLLING && ++polls > 5) {
      Time.parkNanos(this, Duration.ofMinutes(1).toNanos());
    }
    if (defect == PlantedInSimulation.COMMITS_BACK && ++polls > 5) {
      Map<TopicPartition, OffsetAndMetadata> back = new HashMap<>();
      records.nextOffsets().forEach((name, next) -> back.put(name, new OffsetAndMetadata(1)));
      consumer.commitSync(back);
    }
  }

  private void handle(ConsumerRecord<byte[], byte[]> record) {
    member.started(record);
    member.ended(record);
  }

  private void handleIfOwned(ConsumerRecord<byte[], byte[]> record) {
    if (epochs.containsKey(new TopicPartition(record.topic(), record.partition()))) {
      member.started(record);
      Time.parkNanos(this, Duration.ofMillis(20).toNanos());
      member.ended(record);
    }
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> names) {
    for (TopicPartition name : names) {
      epochs.put(name, ++epoch);
      member.tell(Kind.ASSIGNED, name.partition(), -1, epoch, "", "");
    }
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> names) {
    for (TopicPartition name : names) {
      Long released = epochs.remove(name);
      long of = released == null ? -1 : released;
      member.tell(Kind.RELEASED, name.partition(), 0, of, "", "");
    }
  }
}
