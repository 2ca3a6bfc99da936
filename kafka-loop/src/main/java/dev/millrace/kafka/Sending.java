package dev.millrace.kafka;

import dev.millrace.pipeline.StageFunction;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;

/**
 * The stage of a {@link KafkaSink} that sends. It owns the producer of one run. Not thread-safe;
 * the producer's thread only completes the records and gives their permits back.
 *
 * <p>A record has a permit from its send to the producer's answer. So the number of records in
 * flight is bounded, and the stage waits when the bound is reached. The producer's thread gives the
 * permit back, not the stage below. So the stage never waits for a stage that waits for it.
 */
final class Sending<T, K, V> implements Transform.Stateless<T, Sent<T>> {

  private final StageFunction<? super T, ProducerRecord<K, V>> function;
  private final Producer<K, V> producer;
  private final int inFlight;
  private final Semaphore permits;
  private final Duration closeTimeout;

  /**
   * Takes over the producer.
   *
   * @param inFlight the maximum number of records that are sent and not acknowledged
   */
  Sending(
      StageFunction<? super T, ProducerRecord<K, V>> function,
      Producer<K, V> producer,
      int inFlight,
      Duration closeTimeout) {
    this.function = function;
    this.producer = Objects.requireNonNull(producer, "the supplier of the producer returned null");
    this.inFlight = inFlight;
    this.permits = new Semaphore(inFlight);
    this.closeTimeout = closeTimeout;
  }

  @Override
  public Outcome accept(T element, Emitter<? super Sent<T>> out) throws Exception {
    out.emit(send(element));
    return Outcome.USED;
  }

  /**
   * Sends the record of an element; waits while too many records are in flight.
   *
   * @throws Exception if the function that makes the record throws. A refusal of the producer does
   *     not throw: it completes the result
   */
  Sent<T> send(T element) throws Exception {
    ProducerRecord<K, V> record =
        Objects.requireNonNull(
            function.apply(element), "the function of the sink returned no record");
    var sent = new Sent<>(element, record);
    permits.acquire();
    boolean accepted = false;
    try {
      var _ =
          producer.send( // the callback gets the answer
              record,
              (metadata, failure) -> {
                permits.release();
                if (failure == null) {
                  sent.acknowledged(metadata);
                } else {
                  sent.failed(metadata, failure);
                }
              });
      accepted = true;
    } catch (InterruptException e) {
      throw interrupted(e);
    } catch (RuntimeException e) {
      sent.failed(null, e);
    } finally {
      if (!accepted) { // then the producer does not call back
        permits.release();
      }
    }
    return sent;
  }

  /** Kafka's exception sets the flag; the exception of Java clears it. */
  private static InterruptedException interrupted(InterruptException thrown) {
    boolean _ = Thread.interrupted();
    var interrupted = new InterruptedException("interrupted while sending a record");
    interrupted.initCause(thrown);
    return interrupted;
  }

  /**
   * Closes the producer. After a regular end, every record has its answer. Otherwise the records
   * without an answer are never settled: so the producer does not wait for answers.
   */
  @Override
  public void close() {
    producer.close(permits.availablePermits() == inFlight ? closeTimeout : Duration.ZERO);
  }
}
