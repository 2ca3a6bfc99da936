package dev.millrace.kafka.channel;

import dev.millrace.kafka.Output;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serializer;

/** Serializes what a handler produces, in the handler's thread, and keeps it. */
final class OutputBuffer<A, B> implements Output<A, B>, AutoCloseable {

  private final Serializer<A> key;
  private final Serializer<B> value;
  private final List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
  private boolean closed;

  OutputBuffer(Serializer<A> key, Serializer<B> value) {
    this.key = key;
    this.value = value;
  }

  @Override
  public synchronized void send(ProducerRecord<A, B> record) {
    Objects.requireNonNull(record, "record");
    if (closed) {
      throw new IllegalStateException(
          "the handler has returned: what it produces now is in no transaction");
    }
    String topic = record.topic();
    records.add(
        new ProducerRecord<>(
            topic,
            record.partition(),
            record.timestamp(),
            key.serialize(topic, record.headers(), record.key()),
            value.serialize(topic, record.headers(), record.value()),
            record.headers()));
  }

  /** What was produced. */
  synchronized List<ProducerRecord<byte[], byte[]>> records() {
    return List.copyOf(records);
  }

  /** Takes no more. */
  @Override
  public synchronized void close() {
    closed = true;
  }
}
