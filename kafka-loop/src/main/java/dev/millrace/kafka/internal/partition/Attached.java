package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.DeadLetter;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The outputs and the dead letter that the stages of a pipeline have made of a record, until the
 * record is settled. Thread-safe: several stages of a pipeline may add at the same time.
 */
public final class Attached {

  private final List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
  private final List<Long> orders = new ArrayList<>();
  private final List<Joint> joints = new ArrayList<>();
  private @Nullable DeadLetter letter;

  Attached() {}

  /**
   * Attaches an output to the records that it was made of. None of them may be settled before this
   * method returns.
   *
   * @param sources the records, at least one
   * @param order the place among all outputs of the consumer
   */
  public static void attach(
      List<Delivery<?, ?>> sources, ProducerRecord<byte[], byte[]> output, long order) {
    if (sources.size() > 1) {
      var joint = new Joint(output, sources);
      sources.forEach(source -> source.attached().add(joint));
    }
    sources.getLast().attached().add(output, order);
  }

  private synchronized void add(Joint joint) {
    joints.add(joint);
  }

  private synchronized void add(ProducerRecord<byte[], byte[]> output, long order) {
    records.add(output);
    orders.add(order);
  }

  /** Attaches a dead letter. A record has one letter: later ones are ignored. */
  public synchronized void bury(
      DeadLetter dead, ProducerRecord<byte[], byte[]> output, long order) {
    if (letter == null) {
      letter = dead;
      records.addFirst(output);
      orders.addFirst(order);
    }
  }

  /** The outputs to commit with the record; null if none is attached. */
  synchronized @Nullable Produced produced(ConsumerRecord<byte[], byte[]> source) {
    return records.isEmpty() && joints.isEmpty()
        ? null
        : new Produced(
            source, List.copyOf(records), letter, List.copyOf(orders), List.copyOf(joints));
  }
}
