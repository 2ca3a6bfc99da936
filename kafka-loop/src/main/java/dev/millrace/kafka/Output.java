package dev.millrace.kafka;

import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Receives the records that a {@link TransactionalHandler} produces for one record. Not
 * thread-safe: only for the handler's thread, and only until the handler returns.
 *
 * @param <A> the type of the keys
 * @param <B> the type of the values
 */
public interface Output<A, B> {
  /**
   * Adds a record. It is serialized now, and sent when all records before its source are handled.
   * Outputs for one source partition are sent in the order of their sources. Does not wait for the
   * broker.
   *
   * @throws IllegalStateException if the handler has returned
   * @throws RuntimeException if a serializer refuses the key or the value
   */
  void send(ProducerRecord<A, B> record);
}
