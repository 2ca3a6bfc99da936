package dev.millrace.kafka;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/** Publishes dead letters, and waits until the broker has them. */
final class DeadLetterTopic implements DeadLetters {

  private static final int MAX_REASON = 1000;

  private final Producer<byte[], byte[]> producer;
  private final Function<? super DeadLetter, String> topic;

  DeadLetterTopic(Producer<byte[], byte[]> producer, Function<? super DeadLetter, String> topic) {
    this.producer = Objects.requireNonNull(producer, "producer");
    this.topic = Objects.requireNonNull(topic, "topic");
  }

  @Override
  public void accept(DeadLetter letter) throws Exception {
    ConsumerRecord<byte[], byte[]> record = letter.record();
    var publish =
        new ProducerRecord<>(
            topic.apply(letter), null, record.key(), record.value(), record.headers());
    add(publish.headers(), letter);
    try {
      producer.send(publish).get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private static void add(Headers headers, DeadLetter letter) {
    ConsumerRecord<?, ?> record = letter.record();
    String reason = Objects.requireNonNullElse(letter.cause().getMessage(), "");
    add(
        headers,
        DeadLetterHeaders.REASON,
        reason.substring(0, Math.min(reason.length(), MAX_REASON)));
    add(headers, DeadLetterHeaders.EXCEPTION, letter.cause().getClass().getName());
    add(headers, DeadLetterHeaders.STAGE, letter.stage());
    add(headers, DeadLetterHeaders.ATTEMPTS, Integer.toString(letter.attempts()));
    add(headers, DeadLetterHeaders.TOPIC, record.topic());
    add(headers, DeadLetterHeaders.PARTITION, Integer.toString(record.partition()));
    add(headers, DeadLetterHeaders.OFFSET, Long.toString(record.offset()));
    add(headers, DeadLetterHeaders.TIMESTAMP, Long.toString(record.timestamp()));
    String span = FailureSpan.of(letter.cause(), record);
    if (span != null) {
      add(headers, DeadLetterHeaders.TRACEPARENT, span);
    }
  }

  private static void add(Headers headers, String name, String value) {
    headers.add(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
