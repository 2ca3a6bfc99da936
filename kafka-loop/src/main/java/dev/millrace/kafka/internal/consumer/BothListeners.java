package dev.millrace.kafka.internal.consumer;

import java.util.Collection;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;

/** Two listeners to rebalances, one after the other. */
record BothListeners(ConsumerRebalanceListener first, ConsumerRebalanceListener second)
    implements ConsumerRebalanceListener {

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> names) {
    first.onPartitionsAssigned(names);
    second.onPartitionsAssigned(names);
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> names) {
    first.onPartitionsRevoked(names);
    second.onPartitionsRevoked(names);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> names) {
    first.onPartitionsLost(names);
    second.onPartitionsLost(names);
  }
}
