package dev.millrace.kafka;

import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The application's function for records that it handles together, such as rows of one insert.
 * Implementations must be thread-safe, because several threads call them at once. They may block.
 * Their thread is interrupted when the loop is cancelled.
 *
 * <p>The records have the order that the {@link Ordering} promises. With {@link Ordering#PARTITION}
 * they are neighbours in one partition; otherwise they may come from several partitions.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
@FunctionalInterface
public interface BatchHandler<K, V> {
  /**
   * Handles records. When this method returns, all of them are settled: their offsets may be
   * committed. Records may be redelivered after a crash or a rebalance, and then in other batches.
   *
   * @param records at least one record; unmodifiable
   * @throws BatchFailedException if one record could not be handled, and all records before it were
   * @throws Exception if the records could not be handled. They are tried again together, and at
   *     last one by one. Then they become dead letters, or stop the loop, as the settings of the
   *     loop say
   */
  void handle(List<ConsumerRecord<K, V>> records) throws Exception;
}
