package dev.millrace.kafka;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The application's function for a record. Implementations must be thread-safe, because several
 * threads call them at once. They may block. Their thread is interrupted when the loop is
 * cancelled.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
@FunctionalInterface
public interface RecordHandler<K, V> {
  /**
   * Handles a record. When this method returns, the record is settled: its offset may be committed.
   * The same record may be redelivered after a crash or a rebalance.
   *
   * @throws Exception if the record could not be handled. It is tried again, becomes a dead letter,
   *     or stops the loop, as the settings of the loop say
   */
  void handle(ConsumerRecord<K, V> record) throws Exception;
}
