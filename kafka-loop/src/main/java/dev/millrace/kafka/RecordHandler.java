package dev.millrace.kafka;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What an application does with a record. Called by several threads at once, and may block; it is
 * interrupted when the loop is cancelled.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
@FunctionalInterface
public interface RecordHandler<K, V> {
  /**
   * Handles a record. When it returns, the record is settled: it may be committed. The same record
   * can come again after a crash or a rebalance.
   *
   * @throws Exception if it could not be handled: it is tried again, goes to the dead letters, or
   *     stops the loop, as that was told
   */
  void handle(ConsumerRecord<K, V> record) throws Exception;
}
