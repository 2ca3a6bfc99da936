package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;

/** Numbers and logs the ownerships of the partitions of a process. Thread-safe. */
final class PartitionReports {

  private final EventLog log;
  private final Map<TopicPartition, Long> epochs = new HashMap<>();
  private long epoch;

  PartitionReports(EventLog log) {
    this.log = log;
  }

  synchronized void assigned(TopicPartition partition) {
    epochs.put(partition, ++epoch);
    log.partition(Kind.ASSIGNED, partition.partition(), -1, epoch);
  }

  void released(TopicPartition partition) {
    released(partition, 0);
  }

  synchronized void released(TopicPartition partition, int begun) {
    Long ended = epochs.remove(partition);
    if (ended != null) {
      log.partition(Kind.RELEASED, partition.partition(), begun, ended);
    }
  }

  ConsumerRebalanceListener around(ConsumerRebalanceListener own) {
    return new ConsumerRebalanceListener() {
      @Override
      public void onPartitionsAssigned(Collection<TopicPartition> names) {
        names.forEach(PartitionReports.this::assigned);
        own.onPartitionsAssigned(names);
      }

      @Override
      public void onPartitionsRevoked(Collection<TopicPartition> names) {
        own.onPartitionsRevoked(names);
        names.forEach(PartitionReports.this::released);
      }

      @Override
      public void onPartitionsLost(Collection<TopicPartition> names) {
        own.onPartitionsLost(names);
        names.forEach(PartitionReports.this::released);
      }
    };
  }
}
