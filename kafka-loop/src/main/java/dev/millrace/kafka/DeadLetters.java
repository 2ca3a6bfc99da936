package dev.millrace.kafka;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.clients.producer.Producer;

/**
 * The place for records that could not be handled. Implementations must be thread-safe, because
 * several threads call them at once. They may block: a call does not count against the concurrency
 * of the handlers.
 *
 * <p>When {@link #accept} returns, the record is settled, so it must be safe by then. If {@code
 * accept} throws, the loop calls it again, without a limit. Until it succeeds, no offset beyond the
 * record is committed, and the records that wait for this one, by the {@link Ordering}, keep
 * waiting. So nothing is lost. {@link RefusedLetters} decides about a record that can never be
 * accepted.
 */
@FunctionalInterface
public interface DeadLetters {

  /**
   * Puts a record in a safe place. The same record may come more than once, after a failure, a
   * crash or a rebalance.
   *
   * @throws Exception if that is not possible now
   */
  void accept(DeadLetter letter) throws Exception;

  /**
   * Starts to put a record in a safe place. The returned future completes when the record is safe,
   * or fails. The loop calls this method, not {@link #accept}.
   *
   * <p>When this method returns, the loop begins the records that the {@link Ordering} has kept
   * waiting for this record. So several letters may be under way. The record itself is settled when
   * the future completes. The default implementation calls {@code accept}, which waits.
   *
   * @throws Exception if that is not possible now
   */
  default Future<?> begin(DeadLetter letter) throws Exception {
    accept(letter);
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Dead letters in a topic: with the key, the value and the headers of the record, and the headers
   * of {@link DeadLetterHeaders}. The producer's partitioner applies, so letters of one key go to
   * one partition.
   *
   * @param producer should have {@code acks=all}, the default; the caller closes it
   */
  static DeadLetters toTopic(Producer<byte[], byte[]> producer, String topic) {
    Objects.requireNonNull(topic, "topic");
    return new DeadLetterTopic(producer, letter -> topic);
  }

  /**
   * Dead letters in several topics, such as one for each consumed topic; see the other form.
   *
   * @param topic gives the topic of a letter
   */
  static DeadLetters toTopic(
      Producer<byte[], byte[]> producer, Function<? super DeadLetter, String> topic) {
    return new DeadLetterTopic(producer, topic);
  }

  /** No dead letters: the record is dropped, and the listener receives it. */
  static DeadLetters skip(Consumer<? super DeadLetter> listener) {
    Objects.requireNonNull(listener, "listener");
    return listener::accept;
  }
}
