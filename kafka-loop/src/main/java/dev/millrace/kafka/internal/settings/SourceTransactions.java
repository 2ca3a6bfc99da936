package dev.millrace.kafka.internal.settings;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.properties.KafkaProperties;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a source whose pipelines produce in transactions, while a builder collects them.
 * Not thread-safe.
 */
public final class SourceTransactions {

  private static final Backoff LETTERS =
      Backoff.exponential(Duration.ofSeconds(1), Duration.ofSeconds(30)).withJitter(0.2);

  /** Whether the source is transactional. */
  public boolean isOn;

  /** Kafka's own properties of the producer. */
  public Map<String, Object> properties = Map.of();

  /** The topic for dead letters; null for none. */
  public @Nullable String deadLetterTopic;

  /** Creates the producer. */
  public Function<Map<String, Object>, Producer<byte[], byte[]>> factory = KafkaProducer::new;

  /** Settings without transactions. */
  public SourceTransactions() {}

  /**
   * The settings of the producer; null without transactions.
   *
   * @throws IllegalArgumentException if settings are unsafe, or do not fit together
   */
  @Nullable TransactionSettings checked(ConsumerSettings<?, ?> consumer) {
    String topic = deadLetterTopic;
    if (!isOn) {
      if (topic != null) {
        throw new IllegalArgumentException(
            "deadLetterTopic(\"%s\") is for a source that produces in transactions: call transactional(), too, or give the dead letters to pipe(…)"
                .formatted(topic));
      }
      return null;
    }
    if (topic != null && consumer.consumes(topic)) {
      throw new IllegalArgumentException(
          "deadLetterTopic(\"%s\") is one of the topics that the source consumes, %s: each letter would fail again, without an end. Give another topic"
              .formatted(topic, consumer.subscription()));
    }
    KafkaProperties.check(properties, ProducerConfig.configDef());
    return TransactionSettings.of(
        consumer,
        properties,
        List.of(),
        factory,
        topic == null ? null : Burial.inTransaction(topic),
        RefusedLetters.keep(),
        LETTERS);
  }
}
