package dev.millrace.kafka.internal;

import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/** What handles a batch. */
@FunctionalInterface
public interface BatchFunction<K, V> {
  /**
   * Handles a batch.
   *
   * @return what is to be produced in the transaction that commits it; if that is not empty, the
   *     batch has one record
   */
  List<ProducerRecord<byte[], byte[]>> apply(List<ConsumerRecord<K, V>> records) throws Exception;
}
