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
   * @param isRetry whether the record is on its way to a retry topic, and not a dead letter
   */
  record Begun(Future<?> safe, List<ProducerRecord<byte[], byte[]>> produced, boolean isRetry) {
    /** A dead letter that is on its way. */
    Begun(Future<?> safe, List<ProducerRecord<byte[], byte[]>> produced) {
      this(safe, produced, false);
    }
  }

  /** Starts to put a record in a safe place. May block. */
  Begun bury(DeadLetter letter) throws Exception;

  /** The letter that is written to the dead letters. Default: the given one. */
  default DeadLetter last(DeadLetter letter) {
    return letter;
  }

  /**
   * The next step of a letter, as a part of a sentence for people. May throw the exception of a
   * predicate of the application.
   */
  default String fate(DeadLetter letter) {
    return "it becomes a dead letter";
  }

  /** The same, with letters of records that may come from retry topics. */
  static Burial ofOrigins(Burial burial) {
    return new Burial() {
      @Override
      public Begun bury(DeadLetter letter) throws Exception {
        return burial.bury(last(letter));
      }

      @Override
      public DeadLetter last(DeadLetter letter) {
        return RetryRecords.origin(letter);
      }
    };
  }

  /** Dead letters outside of transactions. */
  static Burial of(DeadLetters letters) {
    return letter -> new Begun(letters.begin(letter), List.of());
  }

  /** The same, with error codes in place of the messages of exceptions. */
  static Burial hidingMessages(Burial burial) {
    return letter -> burial.bury(letter.hidingMessage());
  }

  /** A topic, in the transaction that commits the record. */
  static Burial inTransaction(String topic) {
    return letter ->
        new Begun(CompletableFuture.completedFuture(null), List.of(letter.toRecord(topic)));
  }
}
