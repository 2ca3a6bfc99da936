package dev.millrace.testkit.chaos;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The outputs of a record, for a worker that produces: none, one, or two values. A pure function.
 *
 * @param partition the partition of the record
 * @param offset the offset of the record
 * @param number the position among the outputs of the record, from 0
 * @param value the value of the record
 */
record Derived(int partition, long offset, int number, String value) {

  private static final int KINDS = 8;

  /** All outputs of the record. */
  static List<Derived> of(ConsumerRecord<?, String> record) {
    return of(record.partition(), record.offset(), record.value());
  }

  /** All outputs of the record, in the order in which they are produced. */
  static List<Derived> of(int partition, long offset, String value) {
    int kind = Math.floorMod(value.hashCode(), KINDS);
    int count = kind == 0 ? 0 : kind == 1 ? 2 : 1;
    List<Derived> all = new ArrayList<>();
    for (int number = 0; number < count; number++) {
      all.add(new Derived(partition, offset, number, value));
    }
    return all;
  }

  /** The record to produce. */
  ProducerRecord<String, String> in(String topic, String key) {
    return new ProducerRecord<>(topic, key, text());
  }

  String text() {
    return "%d %d %d %s".formatted(partition, offset, number, value);
  }

  static Derived parse(String text) {
    String[] parts = text.split(" ", 4);
    return new Derived(
        Integer.parseInt(parts[0]), Long.parseLong(parts[1]), Integer.parseInt(parts[2]), parts[3]);
  }

  /** For messages. */
  @Override
  public String toString() {
    return "%d of p%d@%d (%s)".formatted(number, partition, offset, value);
  }
}
