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
/*
 * With the new protocol, Kafka's consumer reports an automatic commit in its next poll. It reports
 * the commit of a commitSync at once. So the reports of a consumer that does both may come in the
 * wrong order, though the broker has got the commits in the right one.
 */
public final class CommitProbe implements ConsumerInterceptor<byte[], byte[]> {

  /** The property with the path of the event log. */
  static final String LOG = "millrace.chaos.log";

  /** The property with the topic of the inputs. Commits of other topics are left out. */
  static final String TOPIC = "millrace.chaos.topic";

  private @Nullable EventLog log;
  private String topic = "";
  private Kind kind = Kind.COMMIT;

  /** For Kafka. */
  public CommitProbe() {}

  @Override
  public void configure(Map<String, ?> properties) {
    log = (EventLog) properties.get(LOG);
    topic = (String) Objects.requireNonNull(properties.get(TOPIC), TOPIC);
    boolean isAutomatic = !"false".equals(String.valueOf(properties.get("enable.auto.commit")));
    boolean isLate = "consumer".equals(String.valueOf(properties.get("group.protocol")));
    kind = isAutomatic && isLate ? Kind.AUTO_COMMIT : Kind.COMMIT;
  }

  @Override
  public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
    return records;
  }

  @Override
  public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
    EventLog to = Objects.requireNonNull(log);
    offsets.forEach(
        (name, offset) -> {
          if (name.topic().equals(topic)) {
            to.partition(kind, name.partition(), offset.offset(), -1);
          }
        });
  }

  @Override
  public void close() {}
}
