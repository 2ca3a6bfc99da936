package dev.millrace.kafka.internal.settings;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.RefusedLetters;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the producer of a loop with transactions.
 *
 * @param properties Kafka's own, complete; there may be secrets among them
 * @param isNamed whether the transactional id is the application's, so that another process may
 *     have the same
 * @param serializers are closed at the end
 * @param burial where the source of a record goes that the broker refuses; null to stop the loop
 * @param refused what becomes of a letter that can never be taken
 * @param deadLetterBackoff how long to wait when the dead letters fail
 * @param metadataLimit how many characters of metadata a commit may have
 */
public record TransactionSettings(
    Map<String, Object> properties,
    boolean isNamed,
    List<Serializer<?>> serializers,
    Function<Map<String, Object>, Producer<byte[], byte[]>> factory,
    @Nullable Burial burial,
    RefusedLetters refused,
    Backoff deadLetterBackoff,
    int metadataLimit) {

  /**
   * As Kafka Streams has it: a transaction is sent at one go, and until one that a crash has left
   * open is timed out, nobody reads beyond it.
   */
  private static final String TIMEOUT_MS = "10000";

  /** Checks what the application has given, and fills in the rest. */
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
    all.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, consumer.group() + "-" + UUID.randomUUID());
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
        serializers,
        factory,
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

  String transactionalId() {
    return String.valueOf(properties.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG));
  }

  public Producer<byte[], byte[]> newProducer() {
    return factory.apply(new HashMap<>(properties));
  }

  /** Without the values of the properties, among which there may be secrets. */
  @Override
  public String toString() {
    return "TransactionSettings[" + transactionalId() + "]";
  }
}
