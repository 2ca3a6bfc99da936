package dev.millrace.kafka;

import dev.millrace.kafka.internal.text.Brief;
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
 * A record that could not be handled. Immutable and thread-safe as long as no caller changes the
 * bytes of the record.
 *
 * @param record the record as it was sent
 * @param stage the step that failed: {@value #FETCH}, {@value #DESERIALIZE} or {@value #HANDLE}
 * @param attempts the number of attempts, counted from 1
 * @param cause the exception of the last attempt
 * @param group the consumer group of the member that failed; empty if the group is not known
 * @param traceparent the span in which the last attempt failed, in the format of W3C Trace Context;
 *     null if the span is not known
 */
public record DeadLetter(
    ConsumerRecord<byte[], byte[]> record,
    String stage,
    int attempts,
    Throwable cause,
    String group,
    @Nullable String traceparent) {

  private static final int MAX_REASON = 1000;

  /** A record that becomes a dead letter more often than this is taken to go round in a circle. */
  static final int MAX_HOPS = 16;

  /** The stage of a record that the broker has, but that cannot be read: its batch is corrupt. */
  public static final String FETCH = "fetch";

  /** The stage of a record whose key or value cannot be deserialized. */
  public static final String DESERIALIZE = "deserialize";

  /** The stage of a record that the handler could not handle. */
  public static final String HANDLE = "handle";

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if {@code attempts} is below 1
   */
  public DeadLetter {
    Objects.requireNonNull(record, "record");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(cause, "cause");
    Objects.requireNonNull(group, "group");
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts count from 1, but this is " + attempts);
    }
  }

  /** A dead letter whose group and span are not known. */
  public DeadLetter(
      ConsumerRecord<byte[], byte[]> record, String stage, int attempts, Throwable cause) {
    this(record, stage, attempts, cause, "", null);
  }

  /** The simple name of the cause's class. Figures and meters group dead letters by it. */
  public String reason() {
    String name = kind().getSimpleName();
    return name.isEmpty() ? kind().getName() : name;
  }

  /** The name of the cause's class. */
  public String exception() {
    return kind().getName();
  }

  private Class<?> kind() {
    return cause instanceof HiddenFailure hidden ? hidden.kind : cause.getClass();
  }

  /**
   * The same letter for readers who must not see the message of the exception. Its cause has the
   * {@link dev.millrace.errors.ErrorCode} as its message, and the log has the same code beside the
   * message. The class of the exception stays visible.
   */
  public DeadLetter hidingMessage() {
    return cause instanceof HiddenFailure
        ? this
        : new DeadLetter(record, stage, attempts, new HiddenFailure(cause), group, traceparent);
  }

  /**
   * The record to publish: the key, the value and the headers of the failed record, and the headers
   * of {@link DeadLetterHeaders}. Does not block.
   *
   * @throws InvalidTopicException if the record came from this topic: it would fail there again
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

  /** How often this record has been a dead letter before. */
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
    add(headers, DeadLetterHeaders.EXCEPTION, exception());
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

  /**
   * Names the record and the reason of its failure, on one line. Shows no content of the record.
   */
  @Override
  public String toString() {
    String span = traceparent == null ? "" : ", in the span " + traceparent;
    return "%s: '%s' failed after %d %s%s%s: %s"
        .formatted(
            place(),
            stage,
            attempts,
            attempts == 1 ? "attempt" : "attempts",
            group.isEmpty() ? "" : " in the group " + group,
            span,
            Brief.of(cause));
  }
}
