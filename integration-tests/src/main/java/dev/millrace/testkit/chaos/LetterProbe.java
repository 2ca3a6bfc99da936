package dev.millrace.testkit.chaos;

import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.testkit.chaos.Event.Kind;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Logs the dead letters that a transaction sends, before it is committed. A repeated transaction
 * logs them again. Kafka's producer creates this interceptor.
 */
public final class LetterProbe implements ProducerInterceptor<byte[], byte[]> {

  private @Nullable EventLog log;

  /** For Kafka. */
  public LetterProbe() {}

  @Override
  public void configure(Map<String, ?> properties) {
    log = (EventLog) properties.get(CommitProbe.LOG);
  }

  @Override
  public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
    Header partition = record.headers().lastHeader(DeadLetterHeaders.PARTITION);
    Header offset = record.headers().lastHeader(DeadLetterHeaders.OFFSET);
    if (partition != null && offset != null) {
      Objects.requireNonNull(log)
          .record(Kind.LETTER, (int) number(partition), number(offset), "", "in a transaction");
    }
    return record;
  }

  private static long number(Header header) {
    return Long.parseLong(new String(header.value(), StandardCharsets.UTF_8));
  }

  @Override
  public void onAcknowledgement(@Nullable RecordMetadata metadata, @Nullable Exception exception) {}

  @Override
  public void close() {}
}
