package dev.millrace.kafka;

import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.apache.kafka.clients.producer.Producer;

/** Publishes dead letters to topics. Thread-safe. */
final class DeadLetterTopic implements DeadLetters {

  private final Producer<byte[], byte[]> producer;
  private final Function<? super DeadLetter, String> topic;

  DeadLetterTopic(Producer<byte[], byte[]> producer, Function<? super DeadLetter, String> topic) {
    this.producer = Objects.requireNonNull(producer, "producer");
    this.topic = Objects.requireNonNull(topic, "topic");
  }

  @Override
  public void accept(DeadLetter letter) throws Exception {
    try {
      begin(letter).get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Several letters may be under way; the producer keeps their order. */
  @Override
  public Future<?> begin(DeadLetter letter) {
    return producer.send(letter.toRecord(topic.apply(letter)));
  }
}
