package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Logs the commits that the broker has confirmed. Kafka's consumer creates this interceptor. */
public final class CommitProbe implements ConsumerInterceptor<byte[], byte[]> {

  /** The property with the path of the event log. */
  static final String LOG = "millrace.chaos.log";

  private @Nullable EventLog log;

  /** For Kafka. */
  public CommitProbe() {}

  @Override
  public void configure(Map<String, ?> properties) {
    log = (EventLog) properties.get(LOG);
  }

  @Override
  public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
    return records;
  }

  @Override
  public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
    EventLog to = Objects.requireNonNull(log);
    offsets.forEach(
        (name, offset) -> to.partition(Kind.COMMIT, name.partition(), offset.offset(), -1));
  }

  @Override
  public void close() {}
}
