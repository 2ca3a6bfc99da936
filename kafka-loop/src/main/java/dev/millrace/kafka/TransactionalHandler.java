package dev.millrace.kafka;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What an application makes of a record, exactly once. Called by several threads at once, and may
 * block; it is interrupted when the loop is cancelled.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 * @param <A> the type of the keys that it produces
 * @param <B> the type of the values that it produces
 */
@FunctionalInterface
public interface TransactionalHandler<K, V, A, B> {
  /**
   * Handles a record. When it returns, what it has given to the output is part of the next
   * transaction that the record's offset is part of: both are committed, or none. The same record
   * can come again, after a crash or a rebalance, if they were not: then readers of committed
   * records have seen nothing of it, but what else the handler does is done twice.
   *
   * @param output what to produce; only until this returns
   * @throws Exception if it could not be handled: what was given to the output is forgotten, and
   *     the record is tried again, goes to the dead letters, or stops the loop, as that was told
   */
  void handle(ConsumerRecord<K, V> record, Output<A, B> output) throws Exception;
}
