package dev.millrace.kafka;

import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What an application does with records that it wants to handle together, such as rows of one
 * insert. Called by several threads at once, and may block; it is interrupted when the loop is
 * cancelled.
 *
 * <p>The records are in the order that the {@link Ordering} promises. With {@link
 * Ordering#PARTITION} they are neighbours in one partition; otherwise they may come from several.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
@FunctionalInterface
public interface BatchHandler<K, V> {
  /**
   * Handles records. When it returns, all of them are settled: they may be committed. They can come
   * again after a crash or a rebalance, and then in other batches.
   *
   * @param records at least one; can not be changed
   * @throws BatchFailedException if one of them could not be handled, and all before it were
   * @throws Exception if they could not be handled: all of them are tried again, one by one at
   *     last, go to the dead letters, or stop the loop, as that was told
   */
  void handle(List<ConsumerRecord<K, V>> records) throws Exception;
}
