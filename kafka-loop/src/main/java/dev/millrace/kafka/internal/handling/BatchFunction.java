package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.internal.serde.OutputBuffer;
import dev.millrace.kafka.internal.serde.RouteTable;
import dev.millrace.kafka.internal.serde.Serialization;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The function that handles a batch. */
@FunctionalInterface
public interface BatchFunction<K, V> {
  /**
   * Handles a batch.
   *
   * @return the records to produce in the transaction that commits the batch; if there are any, the
   *     batch has one record
   */
  List<ProducerRecord<byte[], byte[]>> apply(Attempt<K, V> batch) throws Exception;

  /** Adapts a handler of batches, which produces nothing. */
  static <K, V> BatchFunction<K, V> of(BatchHandler<K, V> handler) {
    return batch -> {
      handler.handle(batch.records());
      return List.of();
    };
  }

  /** Adapts a handler of single records, which produces nothing. For batches of one record. */
  static <K, V> BatchFunction<K, V> ofOne(RecordHandler<K, V> handler) {
    return batch -> {
      handler.handle(batch.record());
      return List.of();
    };
  }

  /** Adapts the handlers of routes, which produce nothing. For batches of one record. */
  @SuppressWarnings("unchecked") // a record comes from the deserializers of its route
  static <K, V> BatchFunction<K, V> routed(RouteTable<?> routes) {
    return batch -> {
      ConsumerRecord<K, V> record = batch.record();
      var handler = (RecordHandler<K, V>) routes.of(record.topic(), record.headers()).handler();
      handler.handle(record);
      return List.of();
    };
  }

  /** Adapts a handler of single records that sends records to its output. */
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
