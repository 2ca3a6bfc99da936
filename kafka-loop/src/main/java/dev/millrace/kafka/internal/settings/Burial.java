package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The place for records that could not be handled. Thread-safe. */
@FunctionalInterface
public interface Burial {

  /**
   * A letter that is being sent.
   *
   * @param safe completes when the letter is safe; fails if it is not
   * @param produced the records to produce in the transaction that commits the source; the letter
   *     is safe when that transaction is committed
   */
  record Begun(Future<?> safe, List<ProducerRecord<byte[], byte[]>> produced) {}

  /** Starts to put a record in a safe place. May block. */
  Begun bury(DeadLetter letter) throws Exception;

  /** Dead letters outside of transactions. */
  static Burial of(DeadLetters letters) {
    return letter -> new Begun(letters.begin(letter), List.of());
  }

  /** A topic, in the transaction that commits the record. */
  static Burial inTransaction(String topic) {
    return letter ->
        new Begun(CompletableFuture.completedFuture(null), List.of(letter.toRecord(topic)));
  }
}
