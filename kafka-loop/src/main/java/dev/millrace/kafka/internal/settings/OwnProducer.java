package dev.millrace.kafka.internal.settings;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A byte producer that reuses the consumer's connection settings. */
public final class OwnProducer implements AutoCloseable {

  /** Properties with the same name in both clients, but not with the same value. */
  private static final Set<String> NOT_SHARED =
      Set.of(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG, CommonClientConfigs.CLIENT_ID_CONFIG);

  /**
   * An unreachable broker is reported after this time, and not after Kafka's default of 1 minute.
   */
  private static final Duration MAX_BLOCK = Duration.ofSeconds(10);

  /**
   * In bytes: the default size of the producer's buffer, instead of Kafka's default of 1 MiB. A
   * letter is larger than its record, because of its headers. So only the limit of the topic should
   * apply.
   */
  private static final int MAX_REQUEST_SIZE = 32 << 20;

  private final Producer<byte[], byte[]> producer;
  private final Duration closeTimeout;

  private OwnProducer(Producer<byte[], byte[]> producer, Duration closeTimeout) {
    this.producer = producer;
    this.closeTimeout = closeTimeout;
  }

  /**
   * Creates a producer with the connection settings of the consumer.
   *
   * @param given the application's own properties of the producer
   * @param factory creates it
   */
  public static OwnProducer open(
      ConsumerSettings<?, ?> settings,
      Map<String, ?> given,
      Function<Map<String, Object>, Producer<byte[], byte[]>> factory) {
    return new OwnProducer(
        factory.apply(ofLetters(settings.properties(), given)), settings.closeTimeout);
  }

  /**
   * The properties of a producer of dead letters.
   *
   * @throws IllegalArgumentException if the application's own properties make letters unsafe
   */
  static Map<String, Object> ofLetters(
      Map<String, Object> consumerProperties, Map<String, ?> given) {
    Map<String, Object> all = properties(consumerProperties);
    all.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MAX_REQUEST_SIZE);
    all.putAll(given);
    all.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    all.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    Object acks = given.get(ProducerConfig.ACKS_CONFIG);
    if (acks != null && !Set.of("all", "-1").contains(acks.toString().strip())) {
      throw new IllegalArgumentException(
          "'acks' is '%s', with which a dead letter can be lost: leave it out".formatted(acks));
    }
    if (given.containsKey(ProducerConfig.TRANSACTIONAL_ID_CONFIG)) {
      throw new IllegalArgumentException(
          "'transactional.id' is for a transactionalHandler(…), and there is none: leave it out");
    }
    return all;
  }

  /** The producer. */
  public Producer<byte[], byte[]> producer() {
    return producer;
  }

  /**
   * Closes the producer. No caller waits for unsent records, so the timeout matters only if a
   * broker is unreachable.
   */
  @Override
  public void close() {
    producer.close(closeTimeout);
  }

  /** Like {@link #close()}, with this timeout. */
  public void close(Duration timeout) {
    producer.close(timeout);
  }

  /** The settings that a producer shares with the consumer: the brokers, TLS, SASL, timeouts. */
  static Map<String, Object> properties(Map<String, Object> consumerProperties) {
    Map<String, Object> properties = new HashMap<>(consumerProperties);
    properties
        .keySet()
        .removeIf(
            name ->
                NOT_SHARED.contains(name)
                    || (ConsumerConfig.configNames().contains(name)
                        && !ProducerConfig.configNames().contains(name)));
    Object id = consumerProperties.get(CommonClientConfigs.CLIENT_ID_CONFIG);
    if (id != null) {
      properties.put(CommonClientConfigs.CLIENT_ID_CONFIG, id + "-dead-letters");
    }
    properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK.toMillis());
    return properties;
  }
}
