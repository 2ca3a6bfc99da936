package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.AddedPartitions;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.CorruptRecords;
import dev.millrace.kafka.NewHistory;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Reading;
import dev.millrace.kafka.internal.properties.KafkaProperties;
import dev.millrace.kafka.internal.serde.RouteTable;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a consumer while its builder collects them. Only builders write the fields;
 * {@link ConsumerSettings} says what they mean. Not thread-safe.
 */
public final class ConsumerDraft<K, V> {

  Map<String, Object> properties = Map.of();
  public List<String> topics = List.of();
  public @Nullable Pattern pattern;
  public @Nullable RouteTable<?> routes;
  public @Nullable Instant startAt;
  public @Nullable Reading reading;
  public Ordering ordering = Ordering.PARTITION;
  public boolean overlapping;
  public int buffer = 2000;
  public int lookAhead = 10_000;
  public long lookAheadBytes = 8 << 20;
  public Duration commitInterval = Duration.ofSeconds(1);
  public int commitEvery = 10_000;
  public int metadataLimit = 4096;
  public Duration revokeTimeout = Duration.ofSeconds(10);
  public Duration closeTimeout = Duration.ofSeconds(10);
  public Duration stuckAfter = Duration.ofMinutes(1);
  public CorruptRecords corruptRecords = CorruptRecords.STOP;
  public @Nullable NewHistory newHistory;
  public AddedPartitions addedPartitions = AddedPartitions.FROM_BEGINNING;
  public @Nullable Long lagLimit;
  public @Nullable Duration awaitRights;
  public ConsumerObserver observer = ConsumerObserver.NONE;
  public @Nullable Batching batching;
  public @Nullable Deserializer<K> keyDeserializer;
  public @Nullable Deserializer<V> valueDeserializer;
  public Function<Map<String, Object>, Consumer<byte[], byte[]>> factory = KafkaConsumer::new;
  public Function<Map<String, Object>, Admin> adminFactory = Admin::create;

  /** Sets Kafka's own properties. */
  public void properties(Map<String, ?> given) {
    properties = KafkaProperties.copy(given);
  }

  /** Sets Kafka's own properties. */
  public void properties(Properties given) {
    properties = KafkaProperties.copy(given);
  }

  /** The settings as they are now, unchecked. Later changes of the draft do not reach them. */
  public ConsumerSettings<K, V> settings() {
    return new ConsumerSettings<>(this, null);
  }

  /**
   * The settings of a consumer that belongs to no loop.
   *
   * @throws IllegalArgumentException if a setting is missing, or settings do not fit together
   */
  public ConsumerSettings<K, V> checked() {
    return settings().check();
  }

  /**
   * The settings of the consumer of a source.
   *
   * @throws IllegalArgumentException if a setting is missing, or settings do not fit together
   */
  public ConsumerSettings<K, V> checked(SourceTransactions transactions) {
    var parts =
        new ConsumerSettings.OfLoop(
            null, null, null, null, transactions.checked(checked()), observer, RetryTopics.NONE);
    return new ConsumerSettings<>(this, parts);
  }
}
