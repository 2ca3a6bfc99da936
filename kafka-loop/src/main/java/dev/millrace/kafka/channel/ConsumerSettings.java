package dev.millrace.kafka.channel;

import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.Deserialization;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a consumer. Builders write the fields; {@link #checked} makes a copy that nobody
 * writes to any more. What they mean is said at the builders.
 */
final class ConsumerSettings<K, V> implements Cloneable {

  private static final Duration KAFKAS_MAX_POLL_INTERVAL = Duration.ofMinutes(5);

  /** Kafka's own; there may be secrets among them. */
  private Map<String, Object> properties = Map.of();

  List<String> topics = List.of();
  Ordering ordering = Ordering.PARTITION;
  int buffer = 500;
  int lookAhead = 10_000;
  long lookAheadBytes = 8 << 20;
  Duration commitInterval = Duration.ofSeconds(1);
  int commitEvery = 10_000;
  int metadataLimit = 4096;
  Duration revokeTimeout = Duration.ofSeconds(10);
  Duration closeTimeout = Duration.ofSeconds(10);
  Duration stuckAfter = Duration.ofMinutes(1);
  ConsumerObserver observer = ConsumerObserver.NONE;
  @Nullable Batching batching;
  @Nullable TransactionSettings transactions;
  @Nullable Deserializer<K> keyDeserializer;
  @Nullable Deserializer<V> valueDeserializer;
  Function<Map<String, Object>, Consumer<byte[], byte[]>> factory = KafkaConsumer::new;

  void properties(Map<String, ?> given) {
    properties = Map.copyOf(given);
  }

  /** Kafka's own property; null if it is not set. */
  @Nullable Object property(String name) {
    return properties.get(name);
  }

  /** The group's name; empty if it is not set. */
  String group() {
    return Objects.requireNonNullElse(property(ConsumerConfig.GROUP_ID_CONFIG), "").toString();
  }

  Map<String, Object> properties() {
    return properties;
  }

  static int positive(String what, int number) {
    if (number < 1) {
      throw new IllegalArgumentException(what + " must be at least 1, but is " + number);
    }
    return number;
  }

  static Duration positive(String what, Duration duration) {
    if (!Objects.requireNonNull(duration, what).isPositive()) {
      throw new IllegalArgumentException(what + " must be positive, but is " + duration);
    }
    return duration;
  }

  /** Checks what can only be checked as a whole. */
  ConsumerSettings<K, V> checked() {
    if (topics.isEmpty()) {
      throw new IllegalArgumentException("no topic: call topics(…)");
    }
    require(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG);
    require(ConsumerConfig.GROUP_ID_CONFIG);
    if (keyDeserializer == null) {
      require(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG);
    }
    if (valueDeserializer == null) {
      require(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG);
    }
    refuseAutoCommit();
    offsetReset();
    refuseRevokeTimeoutThatKafkaWouldNotWaitFor();
    if (lookAhead < buffer) {
      throw new IllegalArgumentException(
          "a look-ahead of %d records can not hold a buffer of %d: raise lookAhead(…)"
              .formatted(lookAhead, buffer));
    }
    return copy();
  }

  private void require(String property) {
    Object value = properties.get(property);
    if (value == null || value.toString().isBlank()) {
      throw new IllegalArgumentException(
          "the Kafka property '" + property + "' is missing: put it into properties(…)");
    }
  }

  private void refuseAutoCommit() {
    Object autoCommit = properties.get(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG);
    if (autoCommit != null && Boolean.parseBoolean(autoCommit.toString().strip())) {
      throw new IllegalArgumentException(
          ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG
              + "=true would commit records that are not handled, and lose them in a crash: leave"
              + " it out");
    }
  }

  private void refuseRevokeTimeoutThatKafkaWouldNotWaitFor() {
    Object given = properties.get(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG);
    Duration interval =
        given == null
            ? KAFKAS_MAX_POLL_INTERVAL
            : Duration.ofMillis(Long.parseLong(given.toString().strip()));
    if (revokeTimeout.compareTo(interval) >= 0) {
      throw new IllegalArgumentException(
          "a revoke timeout of %s is not shorter than %s, %s: the group would give the partitions to others before their handlers end"
              .formatted(revokeTimeout, ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, interval));
    }
  }

  @SuppressWarnings("unchecked") // clone gives the same type
  private ConsumerSettings<K, V> copy() {
    try {
      return (ConsumerSettings<K, V>) clone();
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e);
    }
  }

  OffsetReset offsetReset() {
    return OffsetReset.of(properties.get(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), closeTimeout);
  }

  Consumer<byte[], byte[]> newConsumer() {
    Map<String, Object> all = new HashMap<>(properties);
    all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    all.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none"); // OffsetReset does it
    if (transactions != null) {
      all.putIfAbsent(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    }
    return factory.apply(all);
  }

  Deserialization<K, V> newDeserialization() {
    return new Deserialization<>(
        Deserializers.of(
            keyDeserializer, properties, ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, true),
        Deserializers.of(
            valueDeserializer, properties, ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, false));
  }

  /** Without the values of the properties, among which there may be secrets. */
  @Override
  public String toString() {
    return "ConsumerSettings[topics=%s, ordering=%s, properties=%s]"
        .formatted(topics, ordering, new TreeSet<>(properties.keySet()));
  }
}
