package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.RetryHeaders;
import dev.millrace.kafka.internal.text.Brief;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/** Makes records for retry topics, and reads them. Thread-safe. */
public final class RetryRecords {

  private static final int MAX_REASON = 1000;

  private RetryRecords() {}

  /** The record for a retry topic: the failed record, with the headers of {@link RetryHeaders}. */
  static ProducerRecord<byte[], byte[]> toRecord(DeadLetter failed, String topic, Instant due) {
    DeadLetter origin = origin(failed);
    ConsumerRecord<byte[], byte[]> record = origin.record();
    Headers headers = new RecordHeaders(record.headers());
    add(headers, RetryHeaders.TOPIC, record.topic());
    add(headers, RetryHeaders.PARTITION, Integer.toString(record.partition()));
    add(headers, RetryHeaders.OFFSET, Long.toString(record.offset()));
    add(headers, RetryHeaders.TIMESTAMP, Long.toString(record.timestamp()));
    add(headers, RetryHeaders.ATTEMPTS, Integer.toString(origin.attempts()));
    add(headers, RetryHeaders.DUE, Long.toString(due.toEpochMilli()));
    add(headers, RetryHeaders.REASON, Brief.message(failed.cause(), MAX_REASON));
    add(headers, RetryHeaders.EXCEPTION, failed.exception());
    add(headers, RetryHeaders.GROUP, failed.group());
    return new ProducerRecord<>(topic, null, record.key(), record.value(), headers);
  }

  private static void add(Headers headers, String name, String value) {
    headers.add(name, value.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The letter of the record as it was sent first: with its first topic, partition, offset and
   * timestamp, without the headers of retries, and with the attempts of all topics. The same letter
   * if the record does not come from a retry topic.
   */
  static DeadLetter origin(DeadLetter letter) {
    ConsumerRecord<byte[], byte[]> record = letter.record();
    String topic = text(record, RetryHeaders.TOPIC);
    if (topic == null) {
      return letter;
    }
    var headers = new RecordHeaders();
    for (Header header : record.headers()) {
      if (!header.key().startsWith(RetryHeaders.PREFIX)) {
        headers.add(header);
      }
    }
    var origin =
        new ConsumerRecord<>(
            topic,
            (int) number(record, RetryHeaders.PARTITION, record.partition()),
            number(record, RetryHeaders.OFFSET, record.offset()),
            number(record, RetryHeaders.TIMESTAMP, record.timestamp()),
            record.timestampType(),
            record.serializedKeySize(),
            record.serializedValueSize(),
            record.key(),
            record.value(),
            headers,
            Optional.empty());
    long attempts = number(record, RetryHeaders.ATTEMPTS, 0) + letter.attempts();
    return new DeadLetter(
        origin,
        letter.stage(),
        (int) Math.min(attempts, Integer.MAX_VALUE),
        letter.cause(),
        letter.group(),
        letter.traceparent());
  }

  /** The earliest time of the next attempt, in milliseconds since 1970; 0 if there is none. */
  public static long due(ConsumerRecord<?, ?> record) {
    return number(record, RetryHeaders.DUE, 0);
  }

  private static long number(ConsumerRecord<?, ?> record, String name, long otherwise) {
    String text = text(record, name);
    return text != null && text.matches("\\d{1,18}") ? Long.parseLong(text) : otherwise;
  }

  private static @Nullable String text(ConsumerRecord<?, ?> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null
        ? null
        : new String(header.value(), StandardCharsets.UTF_8);
  }
}
