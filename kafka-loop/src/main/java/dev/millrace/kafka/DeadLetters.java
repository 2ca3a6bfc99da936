package dev.millrace.kafka;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.clients.producer.Producer;

/**
 * Where records go that could not be handled. Called by several threads at once, and may block: it
 * holds no handler's place.
 *
 * <p>When {@link #accept} returns, the record is settled: it must be safe by then. If it throws,
 * the record waits and is offered again, without an end, and those that wait for it by the {@link
 * Ordering} with it: nothing is lost, and nothing is committed beyond. {@link RefusedLetters} says
 * what becomes of one that can never be taken.
 */
@FunctionalInterface
public interface DeadLetters {

  /**
   * Puts a record in a safe place. The same one can come again, after a failure, a crash or a
   * rebalance.
   *
   * @throws Exception if that is not possible now
   */
  void accept(DeadLetter letter) throws Exception;

  /**
   * Begins to put a record in a safe place, and need not wait until it is safe; what is returned
   * completes then, or fails. The loop calls this one. The records that wait for this record, by
   * the {@link Ordering}, go on when it returns, so that several letters may be on their way; the
   * record itself is settled when it is safe. By default calls {@link #accept}, which waits.
   *
   * @throws Exception if that is not possible now
   */
  default Future<?> begin(DeadLetter letter) throws Exception {
    accept(letter);
    return CompletableFuture.completedFuture(null);
  }

  /**
   * To a topic: the key, the value and the headers as they came, and the headers of {@link
   * DeadLetterHeaders}. The producer's partitioner applies: letters of a key go to one partition.
   *
   * @param producer is not closed; should have {@code acks=all}, the default
   */
  static DeadLetters toTopic(Producer<byte[], byte[]> producer, String topic) {
    Objects.requireNonNull(topic, "topic");
    return new DeadLetterTopic(producer, letter -> topic);
  }

  /** To topics, such as one for each topic that is consumed; see the other form. */
  static DeadLetters toTopic(
      Producer<byte[], byte[]> producer, Function<? super DeadLetter, String> topic) {
    return new DeadLetterTopic(producer, topic);
  }

  /** Nowhere: the record is dropped, and the listener is told. */
  static DeadLetters skip(Consumer<? super DeadLetter> listener) {
    Objects.requireNonNull(listener, "listener");
    return listener::accept;
  }
}
