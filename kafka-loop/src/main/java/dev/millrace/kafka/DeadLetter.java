package dev.millrace.kafka;

import dev.millrace.kafka.internal.report.Brief;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A record that could not be handled. Immutable if nobody changes the bytes; thread-safe then.
 *
 * @param record the record as it was sent
 * @param stage what failed: {@value #FETCH}, {@value #DESERIALIZE} or {@value #HANDLE}
 * @param attempts how often it was tried, from 1
 * @param cause what the last attempt threw
 * @param group the consumer group whose member failed; empty if that is not known
 * @param traceparent the span in which the last attempt failed, as W3C's Trace Context writes it;
 *     null if that is not known
 */
public record DeadLetter(
    ConsumerRecord<byte[], byte[]> record,
    String stage,
    int attempts,
    Throwable cause,
    String group,
    @Nullable String traceparent) {

  private static final int MAX_REASON = 1000;

  /** How often a record may become a dead letter until that is taken for a circle. */
  static final int MAX_HOPS = 16;

  /** The stage of a record that the broker has, but cannot be read: its bytes are corrupt. */
  public static final String FETCH = "fetch";

  /** The stage of a record whose key or value cannot be deserialized. */
  public static final String DESERIALIZE = "deserialize";

  /** The stage of a record that the handler failed on. */
  public static final String HANDLE = "handle";

  /** Checks the parts. */
  public DeadLetter {
    Objects.requireNonNull(record, "record");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(cause, "cause");
    Objects.requireNonNull(group, "group");
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts count from 1, but this is " + attempts);
    }
  }

  /** A dead letter of a group that is not known, and of no span. */
  public DeadLetter(
      ConsumerRecord<byte[], byte[]> record, String stage, int attempts, Throwable cause) {
    this(record, stage, attempts, cause, "", null);
  }

  /** What figures are grouped by: the simple name of the cause's class. */
  public String reason() {
    String name = cause.getClass().getSimpleName();
    return name.isEmpty() ? cause.getClass().getName() : name;
  }

  /**
   * What is published of it: the key, the value and the headers as they came, and the headers of
   * {@link DeadLetterHeaders}.
   *
   * @throws InvalidTopicException if the record came from that topic: it would fail there again
   * @throws InvalidRecordException if the record has been a dead letter 16 times: it goes round in
   *     a circle
   */
  public ProducerRecord<byte[], byte[]> toRecord(String topic) {
    if (topic.equals(record.topic())) {
      throw new InvalidTopicException(
          ("the dead letter of %s would go to the topic that it came from, and fail there again:"
                  + " give another topic to deadLetterTopic(…)")
              .formatted(place()));
    }
    int hops = hops(record) + 1;
    if (hops > MAX_HOPS) {
      throw new InvalidRecordException(
          ("the record of %s has been a dead letter %d times: it goes round in a circle. Find the"
                  + " loop that consumes the topic '%s' and sends to '%s'")
              .formatted(place(), hops - 1, topic, record.topic()));
    }
    var publish = new ProducerRecord<>(topic, null, record.key(), record.value(), record.headers());
    describe(publish.headers(), hops);
    return publish;
  }

  /** How often the record has been a dead letter before. */
  private static int hops(ConsumerRecord<?, ?> record) {
    Header header = record.headers().lastHeader(DeadLetterHeaders.HOPS);
    if (header == null || header.value() == null) {
      return 0;
    }
    String text = new String(header.value(), StandardCharsets.UTF_8);
    return text.matches("\\d{1,4}") ? Integer.parseInt(text) : 0;
  }

  private void describe(Headers headers, int hops) {
    add(headers, DeadLetterHeaders.REASON, Brief.message(cause, MAX_REASON));
    add(headers, DeadLetterHeaders.EXCEPTION, cause.getClass().getName());
    add(headers, DeadLetterHeaders.STAGE, stage);
    add(headers, DeadLetterHeaders.ATTEMPTS, Integer.toString(attempts));
    add(headers, DeadLetterHeaders.TOPIC, record.topic());
    add(headers, DeadLetterHeaders.PARTITION, Integer.toString(record.partition()));
    add(headers, DeadLetterHeaders.OFFSET, Long.toString(record.offset()));
    add(headers, DeadLetterHeaders.TIMESTAMP, Long.toString(record.timestamp()));
    add(headers, DeadLetterHeaders.HOPS, Integer.toString(hops));
    if (!group.isEmpty()) {
      add(headers, DeadLetterHeaders.GROUP, group);
    }
    if (traceparent != null) {
      add(headers, DeadLetterHeaders.TRACEPARENT, traceparent);
    }
  }

  private static void add(Headers headers, String name, String value) {
    headers.add(name, value.getBytes(StandardCharsets.UTF_8));
  }

  private String place() {
    return "%s-%d at offset %d".formatted(record.topic(), record.partition(), record.offset());
  }

  /** Says where it came from and why it failed, on one line, but shows nothing of the record. */
  @Override
  public String toString() {
    String span = traceparent == null ? "" : ", in the span " + traceparent;
    return "%s: '%s' failed after %d attempts%s%s: %s"
        .formatted(
            place(),
            stage,
            attempts,
            group.isEmpty() ? "" : " in the group " + group,
            span,
            Brief.of(cause));
  }
}
