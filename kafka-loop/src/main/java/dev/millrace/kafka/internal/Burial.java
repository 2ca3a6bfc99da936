package dev.millrace.kafka.internal;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Where records go that could not be handled. */
@FunctionalInterface
public interface Burial {
  /**
   * Puts a record in a safe place.
   *
   * @return what is to be produced in the transaction that commits the record, and makes it safe
   */
  List<ProducerRecord<byte[], byte[]>> bury(DeadLetter letter) throws Exception;

  /** To dead letters that know nothing of transactions. */
  static Burial of(DeadLetters letters) {
    return letter -> {
      letters.accept(letter);
      return List.of();
    };
  }
}
