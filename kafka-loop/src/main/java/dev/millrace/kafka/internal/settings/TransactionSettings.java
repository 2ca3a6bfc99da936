package dev.millrace.kafka.internal.settings;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.RefusedLetters;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the producer of a loop with transactions.
 *
 * @param properties Kafka's own properties, complete; they may contain secrets
 * @param isNamed whether the application has chosen the transactional id, so that another process
 *     may use the same
 * @param awaitsRights whether the loop goes on when rights or credentials are refused
 * @param serializers the serializers, which are closed at the end
 * @param isKnown asks the cluster whether it knows a transactional id; blocks for some seconds at
 *     most, and throws a {@code KafkaException} if there is no answer
 * @param burial the place for the source of a record that the broker refuses; null to stop the loop
 * @param refused decides about a letter that can never be accepted
 * @param deadLetterBackoff the delay before a letter is sent again
 * @param metadataLimit the largest size of a commit's metadata, in characters
 */
public record TransactionSettings(
    Map<String, Object> properties,
    boolean isNamed,
    boolean awaitsRights,
    List<Serializer<?>> serializers,
    Function<Map<String, Object>, Producer<byte[], byte[]>> factory,
    Predicate<String> isKnown,
    @Nullable Burial burial,
    RefusedLetters refused,
    Backoff deadLetterBackoff,
    int metadataLimit) {

  /**
   * The value of Kafka Streams. A transaction is sent in one go, so it is short. A crash may leave
   * one open, and until its timeout no consumer of committed records reads beyond it.
   */
  private static final String TIMEOUT_MS = "10000";

  /** Checks the properties of the application, and adds the defaults. */
  public static TransactionSettings of(
      ConsumerSettings<?, ?> consumer,
      Map<String, ?> given,
      List<Serializer<?>> serializers,
      Function<Map<String, Object>, Producer<byte[], byte[]>> factory,
      @Nullable Burial burial,
      RefusedLetters refused,
      Backoff deadLetterBackoff) {
    Map<String, Object> all = OwnProducer.properties(consumer.properties());
    all.remove(ProducerConfig.CLIENT_ID_CONFIG);
    all.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, newId(consumer.group()));
    all.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TIMEOUT_MS);
    all.putAll(given);
    all.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    all.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    refuse(given, ProducerConfig.ACKS_CONFIG, "all", "-1");
    refuse(given, ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
    boolean isNamed = given.containsKey(ProducerConfig.TRANSACTIONAL_ID_CONFIG);
    return new TransactionSettings(
        all,
        isNamed,
        consumer.awaitRights != null,
        serializers,
        factory,
        id -> KnownIds.contain(id, timeout -> consumer.newAdmin(all, timeout)),
        burial,
        refused,
        deadLetterBackoff,
        consumer.metadataLimit);
  }

  private static void refuse(Map<String, ?> given, String property, String... allowed) {
    Object value = given.get(property);
    if (value != null && !List.of(allowed).contains(value.toString().strip())) {
      throw new IllegalArgumentException(
          "'%s' is '%s', with which there are no transactions: leave it out"
              .formatted(property, value));
    }
  }

  /** The same settings for one run of several: with an id of its own, unless the id is given. */
  public TransactionSettings forRun(String group) {
    if (isNamed) {
      return this;
    }
    Map<String, Object> all = new HashMap<>(properties);
    all.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, newId(group));
    return new TransactionSettings(
        all,
        false,
        awaitsRights,
        serializers,
        factory,
        isKnown,
        burial,
        refused,
        deadLetterBackoff,
        metadataLimit);
  }

  private static String newId(String group) {
    return group + "-" + UUID.randomUUID();
  }

  /** The id of the producer; for messages. */
  public String transactionalId() {
    return String.valueOf(properties.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG));
  }

  /** The timeout of a transaction, in milliseconds; for messages. */
  public String timeout() {
    return String.valueOf(properties.get(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG));
  }

  public Producer<byte[], byte[]> newProducer() {
    return factory.apply(new HashMap<>(properties));
  }

  /** Without the values of the properties, because they may contain secrets. */
  @Override
  public String toString() {
    return "TransactionSettings[" + transactionalId() + "]";
  }
}
