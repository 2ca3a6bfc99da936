package dev.millrace.kafka.channel;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * The settings of a consumer, checked.
 *
 * @param properties Kafka's own
 * @param buffer from how many records that wait on a partition is paused; fetched again at half
 */
record ConsumerSettings<K, V>(
    Map<String, Object> properties,
    List<String> topics,
    int buffer,
    Duration commitInterval,
    Duration revokeTimeout,
    Duration closeTimeout,
    Function<Map<String, Object>, Consumer<K, V>> factory) {

  private static final int DEFAULT_BUFFER = 500;

  static <K, V> ConsumerSettings<K, V> defaults() {
    return new ConsumerSettings<>(
        Map.of(),
        List.of(),
        DEFAULT_BUFFER,
        Duration.ofSeconds(1),
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        KafkaConsumer::new);
  }

  ConsumerSettings<K, V> withProperties(Map<String, ?> given) {
    return new ConsumerSettings<>(
        Map.copyOf(given), topics, buffer, commitInterval, revokeTimeout, closeTimeout, factory);
  }

  ConsumerSettings<K, V> withTopics(List<String> given) {
    return new ConsumerSettings<>(
        properties, given, buffer, commitInterval, revokeTimeout, closeTimeout, factory);
  }

  ConsumerSettings<K, V> withBuffer(int given) {
    if (given < 1) {
      throw new IllegalArgumentException("the buffer must be at least 1, but is " + given);
    }
    return new ConsumerSettings<>(
        properties, topics, given, commitInterval, revokeTimeout, closeTimeout, factory);
  }

  ConsumerSettings<K, V> withCommitInterval(Duration given) {
    return new ConsumerSettings<>(
        properties,
        topics,
        buffer,
        positive("the commit interval", given),
        revokeTimeout,
        closeTimeout,
        factory);
  }

  ConsumerSettings<K, V> withRevokeTimeout(Duration given) {
    return new ConsumerSettings<>(
        properties,
        topics,
        buffer,
        commitInterval,
        positive("the revoke timeout", given),
        closeTimeout,
        factory);
  }

  ConsumerSettings<K, V> withCloseTimeout(Duration given) {
    return new ConsumerSettings<>(
        properties,
        topics,
        buffer,
        commitInterval,
        revokeTimeout,
        positive("the close timeout", given),
        factory);
  }

  ConsumerSettings<K, V> withFactory(Function<Map<String, Object>, Consumer<K, V>> given) {
    return new ConsumerSettings<>(
        properties, topics, buffer, commitInterval, revokeTimeout, closeTimeout, given);
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
    require(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG);
    require(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG);
    Object autoCommit = properties.get(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG);
    if (autoCommit != null && Boolean.parseBoolean(autoCommit.toString())) {
      throw new IllegalArgumentException(
          ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG
              + "=true would commit records that are not handled, and lose them in a crash: leave"
              + " it out");
    }
    return this;
  }

  private void require(String property) {
    if (!properties.containsKey(property)) {
      throw new IllegalArgumentException(
          "the Kafka property '" + property + "' is missing: put it into properties(…)");
    }
  }

  Consumer<K, V> newConsumer() {
    Map<String, Object> all = new HashMap<>(properties);
    all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    return factory.apply(all);
  }
}
