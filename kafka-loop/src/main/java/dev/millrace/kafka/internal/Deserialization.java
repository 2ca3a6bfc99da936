package dev.millrace.kafka.internal;

import dev.millrace.kafka.Message;
import java.nio.ByteBuffer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RecordDeserializationException.DeserializationExceptionOrigin;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The application's deserializers, apart from the consumer: a record that they refuse is one record
 * that fails, and its bytes are still there.
 *
 * <p>Safe for use by many threads; the deserializers are called by one at a time, as Kafka's own
 * consumer would.
 */
public final class Deserialization<K, V> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Deserialization.class);

  private final Deserializer<K> key;
  private final Deserializer<V> value;

  /** With deserializers that are configured; they are closed with this. */
  public Deserialization(Deserializer<K> key, Deserializer<V> value) {
    this.key = key;
    this.value = value;
  }

  /**
   * The record with its key and value. Its headers are a copy, so that nobody can change those that
   * it came with.
   *
   * @throws RecordDeserializationException if a deserializer throws, with that as the cause
   */
  public synchronized ConsumerRecord<K, V> apply(ConsumerRecord<byte[], byte[]> raw) {
    Header[] known = raw.headers().toArray();
    var headers = known.length == 0 ? new RecordHeaders() : new RecordHeaders(known);
    return new ConsumerRecord<>(
        raw.topic(),
        raw.partition(),
        raw.offset(),
        raw.timestamp(),
        raw.timestampType(),
        raw.serializedKeySize(),
        raw.serializedValueSize(),
        part(DeserializationExceptionOrigin.KEY, key, raw, headers, raw.key()),
        part(DeserializationExceptionOrigin.VALUE, value, raw, headers, raw.value()),
        headers,
        raw.leaderEpoch(),
        raw.deliveryCount());
  }

  /** Deserializes a message now, so that nobody has to wait for it later; whether it succeeds. */
  public static boolean succeeds(Message<?, ?> message) {
    try {
      message.record();
      return true;
    } catch (Throwable e) { // whoever handles it will meet it again, and knows what to do
      LOG.trace("{}", message, e);
      return false;
    }
  }

  @SuppressWarnings("NullAway") // a key, or a value, may be null: Kafka's types do not say so
  private static <T> T part(
      DeserializationExceptionOrigin origin,
      Deserializer<T> deserializer,
      ConsumerRecord<byte[], byte[]> raw,
      RecordHeaders headers,
      byte @Nullable [] bytes) {
    if (bytes == null) {
      return null; // as Kafka does: a deserializer is not asked for nothing
    }
    try {
      return deserializer.deserialize(raw.topic(), headers, bytes);
    } catch (RuntimeException e) {
      throw new RecordDeserializationException(
          origin,
          new TopicPartition(raw.topic(), raw.partition()),
          raw.offset(),
          raw.timestamp(),
          raw.timestampType(),
          buffer(raw.key()),
          buffer(raw.value()),
          raw.headers(),
          "the %s of the record of %s-%d at offset %d can not be deserialized: %s"
              .formatted(origin, raw.topic(), raw.partition(), raw.offset(), e),
          e);
    }
  }

  @SuppressWarnings("NullAway") // Kafka's type does not say that it may be null
  private static ByteBuffer buffer(byte @Nullable [] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }

  /** Closes both deserializers. */
  @Override
  public synchronized void close() {
    try {
      key.close();
    } finally {
      value.close();
    }
  }
}
