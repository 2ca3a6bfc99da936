package dev.millrace.kafka;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The application's function that makes new records of a record, exactly once. Implementations must
 * be thread-safe, because several threads call them at once. They may block. Their thread is
 * interrupted when the loop is cancelled.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 * @param <A> the type of the produced keys
 * @param <B> the type of the produced values
 */
@FunctionalInterface
public interface TransactionalHandler<K, V, A, B> {
  /**
   * Handles a record. When this method returns, its output joins the transaction that commits the
   * offset of the record: both are committed, or neither.
   *
   * <p>If they were not committed, the record is redelivered after a crash or a rebalance. Readers
   * of committed records have then seen nothing of the first call, but any other effect of the
   * handler happens twice.
   *
   * @param output receives the records to produce; usable only until this method returns
   * @throws Exception if the record could not be handled. The output of this call is discarded. The
   *     record is tried again, becomes a dead letter, or stops the loop, as the settings of the
   *     loop say
   */
  void handle(ConsumerRecord<K, V> record, Output<A, B> output) throws Exception;
}
