package dev.millrace.kafka.internal;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A producer of bytes for who consumes: it connects as the consumer does. */
public final class OwnProducer implements AutoCloseable {

  /** Means the same for both, but not the same value. */
  private static final Set<String> NOT_SHARED =
      Set.of(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG, CommonClientConfigs.CLIENT_ID_CONFIG);

  /** A broker that is away is said after that, and not after Kafka's minute. */
  private static final Duration MAX_BLOCK = Duration.ofSeconds(10);

  private final Producer<byte[], byte[]> producer;
  private final Duration closeTimeout;

  private OwnProducer(Producer<byte[], byte[]> producer, Duration closeTimeout) {
    this.producer = producer;
    this.closeTimeout = closeTimeout;
  }

  /** Connects by the settings of who consumes. */
  public static OwnProducer open(ConsumerSettings<?, ?> settings) {
    return new OwnProducer(
        new KafkaProducer<>(properties(settings.properties())), settings.closeTimeout);
  }

  /** The producer. */
  public Producer<byte[], byte[]> producer() {
    return producer;
  }

  /** Nobody waits for what is not sent by now: the timeout is for a broker that is away. */
  @Override
  public void close() {
    producer.close(closeTimeout);
  }

  /** What a producer knows of the consumer's settings: where the brokers are, TLS, SASL, times. */
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
