package dev.millrace.kafka;

import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * What a {@link TransactionalHandler} produces for one record. For its thread only, until it
 * returns.
 *
 * @param <A> the type of the keys
 * @param <B> the type of the values
 */
public interface Output<A, B> {
  /**
   * Adds a record; it is serialized now, and sent when those before its source are handled too.
   * Records that are sent for one partition of the source are sent in the order of their sources.
   *
   * @throws IllegalStateException if the handler has returned
   * @throws RuntimeException if a serializer refuses the key or the value
   */
  void send(ProducerRecord<A, B> record);
}
