package dev.millrace.testkit.chaos;

import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.kafka.RetryHeaders;
import dev.millrace.testkit.chaos.Event.Kind;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Logs the records that are safe in a retry topic, or in a topic of dead letters. Kafka's producer
 * creates this interceptor.
 */
public final class RetryProbe implements ProducerInterceptor<byte[], byte[]> {

  private @Nullable EventLog log;

  /** For Kafka. */
  public RetryProbe() {}

  @Override
  public void configure(Map<String, ?> properties) {
    log = (EventLog) properties.get(CommitProbe.LOG);
  }

  @Override
  public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
    return record;
  }

  @Override
  public void onAcknowledgement(
      @Nullable RecordMetadata metadata, @Nullable Exception exception, Headers headers) {
    if (exception == null) {
      log(Objects.requireNonNull(log), Kind.LETTER, headers);
    }
  }

  /** Logs an event of the record with these headers, with its first partition and offset. */
  static void log(EventLog to, Kind kind, Headers headers) {
    if (!log(to, kind, headers, RetryHeaders.PARTITION, RetryHeaders.OFFSET)) {
      Header attempts = headers.lastHeader(DeadLetterHeaders.ATTEMPTS);
      boolean isOfRetryTopic = attempts != null && number(attempts) > Worker.ATTEMPTS;
      log(
          to,
          isOfRetryTopic ? Kind.RETRY_LETTER : kind,
          headers,
          DeadLetterHeaders.PARTITION,
          DeadLetterHeaders.OFFSET);
    }
  }

  private static boolean log(
      EventLog to, Kind kind, Headers headers, String partitions, String offsets) {
    Header partition = headers.lastHeader(partitions);
    Header offset = headers.lastHeader(offsets);
    boolean has = partition != null && offset != null;
    if (has) {
      to.record(kind, (int) number(partition), number(offset), "", "of the loop's producer");
    }
    return has;
  }

  private static long number(Header header) {
    return Long.parseLong(new String(header.value(), StandardCharsets.UTF_8));
  }

  @Override
  public void close() {}
}
