package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.internal.properties.KafkaProperties;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * The settings that only a loop over a share group has, read-only; a {@link ShareDraft} makes them.
 * Thread-safe.
 */
public final class ShareSettings {

  /**
   * Shorter than Kafka's default of 500 ms. A client has one request at a broker at a time, so an
   * acknowledgement waits until the broker has answered a fetch.
   */
  private static final int FETCH_MAX_WAIT_MS = 100;

  /**
   * Longer than Kafka's default of 50 ms. Each answer with records that a broken connection loses
   * is a delivery for the broker, which drops the records at the limit of the group. With 50 ms,
   * five deliveries were used up in 1.4 s.
   */
  private static final int RECONNECT_BACKOFF_MS = 1000;

  private static final String ACKNOWLEDGEMENT_MODE = "share.acknowledgement.mode";
  private static final String ACQUIRE_MODE = "share.acquire.mode";

  private static final Duration KAFKAS_MAX_POLL_INTERVAL = Duration.ofMinutes(5);

  /** The properties of consumers that a share group does not have, and what to do instead. */
  private static final Map<String, String> REFUSED =
      Map.of(
          "auto.offset.reset",
          "set 'share.auto.offset.reset' of the group instead",
          "isolation.level",
          "set 'share.isolation.level' of the group instead",
          "enable.auto.commit",
          "leave it out",
          "group.instance.id",
          "leave it out",
          "partition.assignment.strategy",
          "leave it out",
          "interceptor.classes",
          "leave it out",
          "session.timeout.ms",
          "set 'share.session.timeout.ms' of the group instead",
          "heartbeat.interval.ms",
          "set 'share.heartbeat.interval.ms' of the group instead",
          "group.protocol",
          "leave it out",
          "group.remote.assignor",
          "leave it out");

  /** The number of consumers, each with a poll thread. */
  public final int consumers;

  /** The largest number of records that a consumer holds. */
  public final int lookAhead;

  /** The number of deliveries of a record before it is given up. */
  public final int deliveries;

  /** Whether records are rejected that have no attempt left. */
  public final boolean rejects;

  /** The topics to subscribe to. */
  public final List<String> topics;

  /** The longest time between two polls that Kafka allows. */
  public final Duration maxPollInterval;

  private final Map<String, Object> properties;
  private final @Nullable Function<Map<String, Object>, ShareConsumer<byte[], byte[]>> factory;
  private final Function<Map<String, Object>, Admin> adminFactory;
  private final boolean hasPlaceForFailures;

  ShareSettings(ShareDraft<?, ?> draft) {
    this.consumers = draft.consumers;
    this.lookAhead = draft.lookAhead;
    this.deliveries = draft.deliveries;
    this.rejects = draft.rejects;
    this.topics = draft.consumer.topics;
    this.properties = draft.consumer.properties;
    this.factory = draft.factory;
    this.adminFactory = draft.consumer.adminFactory;
    this.hasPlaceForFailures = draft.loop.deadLetters != null || draft.loop.deadLetterTopic != null;
    Object given = properties.get(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG);
    KafkaProperties.check(properties, ConsumerConfig.configDef());
    this.maxPollInterval =
        given == null
            ? KAFKAS_MAX_POLL_INTERVAL
            : Duration.ofMillis(Long.parseLong(given.toString().strip()));
  }

  /**
   * Checks settings that can only be checked as a whole.
   *
   * @throws IllegalArgumentException if settings do not fit together
   */
  ShareSettings check() {
    REFUSED.forEach(
        (name, advice) -> {
          if (properties.containsKey(name)) {
            throw new IllegalArgumentException(
                "a share group does not have the Kafka property '%s': %s".formatted(name, advice));
          }
        });
    if (properties.containsKey(ConsumerConfig.MAX_POLL_RECORDS_CONFIG)) {
      throw new IllegalArgumentException(
          "lookAhead(…) sets the Kafka property 'max.poll.records': leave the property out");
    }
    Object mode = properties.get(ACKNOWLEDGEMENT_MODE);
    if (mode != null && !mode.toString().strip().equalsIgnoreCase("explicit")) {
      throw new IllegalArgumentException(
          "'%s' is '%s', which would accept records that are not handled: leave it out"
              .formatted(ACKNOWLEDGEMENT_MODE, mode));
    }
    if (rejects && hasPlaceForFailures) {
      throw new IllegalArgumentException(
          "rejectFailed() and dead letters were both set: remove one of them");
    }
    return this;
  }

  /**
   * Creates a consumer of bytes, with explicit acknowledgements.
   *
   * @param index the number of the consumer in its loop, from 0
   * @throws KafkaException if the properties are not accepted
   */
  public ShareConsumer<byte[], byte[]> newConsumer(int index) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, lookAhead);
    all.put(ACKNOWLEDGEMENT_MODE, "explicit");
    all.putIfAbsent(ACQUIRE_MODE, "record_limit");
    all.putIfAbsent(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_MAX_WAIT_MS);
    if (!all.containsKey(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG)) {
      all.putIfAbsent(ConsumerConfig.RECONNECT_BACKOFF_MS_CONFIG, RECONNECT_BACKOFF_MS);
    }
    Object id = all.get(ConsumerConfig.CLIENT_ID_CONFIG);
    if (id != null && consumers > 1) {
      all.put(ConsumerConfig.CLIENT_ID_CONFIG, id + "-" + index);
    }
    return factory == null
        ? new KafkaShareConsumer<>(all)
        : Objects.requireNonNull(factory).apply(all);
  }

  /** Creates a client for questions to the cluster, with the connection settings. */
  public Admin newAdmin() {
    Map<String, Object> all = new HashMap<>(properties);
    all.keySet()
        .removeIf(
            name ->
                ConsumerConfig.configNames().contains(name)
                    && !AdminClientConfig.configNames().contains(name));
    return adminFactory.apply(all);
  }
}
