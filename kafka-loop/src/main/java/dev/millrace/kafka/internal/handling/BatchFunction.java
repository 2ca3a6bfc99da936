package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.internal.serde.OutputBuffer;
import dev.millrace.kafka.internal.serde.Serialization;
import java.util.List;
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
  List<ProducerRecord<byte[], byte[]>> apply(Attempt<K, V> batch) throws Exception;

  /** Of a handler of batches, which produces nothing. */
  static <K, V> BatchFunction<K, V> of(BatchHandler<K, V> handler) {
    return batch -> {
      handler.handle(batch.records());
      return List.of();
    };
  }

  /** Of a handler of single records, which produces nothing; for batches of one. */
  static <K, V> BatchFunction<K, V> ofOne(RecordHandler<K, V> handler) {
    return batch -> {
      handler.handle(batch.record());
      return List.of();
    };
  }

  /** Of a handler of single records, which gives to its output what it produces. */
  static <K, V, A, B> BatchFunction<K, V> producing(
      Serialization<A, B> serialization, TransactionalHandler<K, V, A, B> handler) {
    return batch -> {
      try (var output = new OutputBuffer<>(serialization)) {
        handler.handle(batch.record(), output);
        return output.records();
      }
    };
  }
}
