package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.DeadLetter;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The outputs of a record, which are committed with it. Immutable.
 *
 * @param source the source record
 * @param records the records to send; the dead letter is the first of them
 * @param letter the dead letter of the source; null if the source was handled
 * @param orders for a pipeline, the place of each record among all outputs of the consumer; empty
 *     for a loop, which sends the outputs in the order of their sources
 * @param joints the outputs that were made of this and of other records; one record of each joint
 *     carries the output among its {@code records}
 */
public record Produced(
    ConsumerRecord<byte[], byte[]> source,
    List<ProducerRecord<byte[], byte[]>> records,
    @Nullable DeadLetter letter,
    List<Long> orders,
    List<Joint> joints) {

  /** The outputs of a handler, or of a failed record. */
  public Produced(
      ConsumerRecord<byte[], byte[]> source,
      List<ProducerRecord<byte[], byte[]>> records,
      @Nullable DeadLetter letter) {
    this(source, records, letter, List.of(), List.of());
  }

  public boolean isLetter() {
    return letter != null;
  }

  /** Whether this record of {@link #records} is the dead letter. */
  public boolean isLetter(ProducerRecord<byte[], byte[]> record) {
    return letter != null && !records.isEmpty() && records.getFirst() == record;
  }

  /** Whether the stages of a pipeline have made these outputs. */
  public boolean isOfPipeline() {
    return !orders.isEmpty() || !joints.isEmpty();
  }

  /** The other records that this output was made of, too; empty if there are none. */
  public List<Delivery<?, ?>> membersOf(ProducerRecord<byte[], byte[]> output) {
    return joints.stream()
        .filter(joint -> joint.record() == output)
        .findFirst()
        .map(Joint::members)
        .orElse(List.of());
  }

  /**
   * The same without an output that the broker refuses, and with a dead letter instead. A record
   * that has a letter keeps it.
   */
  Produced without(
      ProducerRecord<byte[], byte[]> refused,
      DeadLetter dead,
      ProducerRecord<byte[], byte[]> burial) {
    List<ProducerRecord<byte[], byte[]>> left = new ArrayList<>();
    List<Long> places = new ArrayList<>();
    if (letter == null) {
      left.add(burial);
      places.add(orders.isEmpty() ? 0L : orders.getFirst());
    }
    for (int i = 0; i < records.size(); i++) {
      if (records.get(i) != refused) {
        left.add(records.get(i));
        places.add(orders.get(i));
      }
    }
    List<Joint> others = joints.stream().filter(joint -> joint.record() != refused).toList();
    return new Produced(source, left, letter == null ? dead : letter, places, others);
  }

  /** The bytes of heap that it holds, as {@link RecordSize} estimates them. */
  long bytes() {
    long bytes = RecordSize.of(source.key(), source.value(), source.headers());
    for (ProducerRecord<byte[], byte[]> record : records) {
      bytes += RecordSize.of(record.key(), record.value(), record.headers());
    }
    return bytes;
  }

  /** Names the source, without its content. */
  @Override
  public String toString() {
    return "%d records for that of %s-%d at offset %d"
        .formatted(records.size(), source.topic(), source.partition(), source.offset());
  }
}
