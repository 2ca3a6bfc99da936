package dev.millrace.kafka.internal.serde;

import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serializer;

/**
 * The application's serializers for the outputs of its handlers. Several threads call them at the
 * same time.
 */
public record Serialization<A, B>(Serializer<A> key, Serializer<B> value) {

  /** Checks the parts. */
  public Serialization {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
  }

  /** The record as it is sent. May block, because serializers may. */
  public ProducerRecord<byte[], byte[]> apply(ProducerRecord<A, B> record) {
    String topic = record.topic();
    return new ProducerRecord<>(
        topic,
        record.partition(),
        record.timestamp(),
        key.serialize(topic, record.headers(), record.key()),
        value.serialize(topic, record.headers(), record.value()),
        record.headers());
  }

  public List<Serializer<?>> both() {
    return List.of(key, value);
  }
}
