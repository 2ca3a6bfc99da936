package dev.millrace.kafka;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * A record that could not be handled. Immutable, if nobody changes the bytes.
 *
 * @param record the record as it was sent
 * @param stage what failed: {@value #DESERIALIZE} or {@value #HANDLE}
 * @param attempts how often it was tried, from 1
 * @param cause what the last attempt threw
 */
public record DeadLetter(
    ConsumerRecord<byte[], byte[]> record, String stage, int attempts, Throwable cause) {

  private static final int MAX_REASON = 1000;

  /** The stage of a record whose key or value can not be deserialized. */
  public static final String DESERIALIZE = "deserialize";

  /** The stage of a record that the handler failed on. */
  public static final String HANDLE = "handle";

  /** Checks the parts. */
  public DeadLetter {
    Objects.requireNonNull(record, "record");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(cause, "cause");
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts count from 1, but this is " + attempts);
    }
  }

  /**
   * What is published of it: the key, the value and the headers as they came, and the headers of
   * {@link DeadLetterHeaders}.
   */
  public ProducerRecord<byte[], byte[]> toRecord(String topic) {
    var publish = new ProducerRecord<>(topic, null, record.key(), record.value(), record.headers());
    describe(publish.headers());
    return publish;
  }

  private void describe(Headers headers) {
    String reason = Objects.requireNonNullElse(cause.getMessage(), "");
    add(
        headers,
        DeadLetterHeaders.REASON,
        reason.substring(0, Math.min(reason.length(), MAX_REASON)));
    add(headers, DeadLetterHeaders.EXCEPTION, cause.getClass().getName());
    add(headers, DeadLetterHeaders.STAGE, stage);
    add(headers, DeadLetterHeaders.ATTEMPTS, Integer.toString(attempts));
    add(headers, DeadLetterHeaders.TOPIC, record.topic());
    add(headers, DeadLetterHeaders.PARTITION, Integer.toString(record.partition()));
    add(headers, DeadLetterHeaders.OFFSET, Long.toString(record.offset()));
    add(headers, DeadLetterHeaders.TIMESTAMP, Long.toString(record.timestamp()));
    String span = FailureSpan.of(cause, record);
    if (span != null) {
      add(headers, DeadLetterHeaders.TRACEPARENT, span);
    }
  }

  private static void add(Headers headers, String name, String value) {
    headers.add(name, value.getBytes(StandardCharsets.UTF_8));
  }

  /** Says where it came from and why it failed, on one line, but shows nothing of the record. */
  @Override
  public String toString() {
    return "%s-%d at offset %d: '%s' failed after %d attempts: %s"
        .formatted(record.topic(), record.partition(), record.offset(), stage, attempts, cause);
  }
}
