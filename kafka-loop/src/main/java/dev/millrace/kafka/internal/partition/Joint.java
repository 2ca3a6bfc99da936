package dev.millrace.kafka.internal.partition;

import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * An output that a pipeline has made of several records, such as of a batch. It is sent in the
 * transaction that commits all of them. Immutable.
 *
 * @param record the output; the last member carries it among its {@link Produced#records}
 * @param members the records, at least two, of any partitions of one consumer
 */
public record Joint(ProducerRecord<byte[], byte[]> record, List<Delivery<?, ?>> members) {

  /** Copies the members. */
  public Joint {
    members = List.copyOf(members);
  }

  /** Names the members, without their content. */
  @Override
  public String toString() {
    return "an output of " + members;
  }
}
