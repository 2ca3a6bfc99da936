package dev.millrace.kafka.internal.serde;

import dev.millrace.kafka.Output;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Serializes the outputs of a handler, in the handler's thread, and keeps them. */
public final class OutputBuffer<A, B> implements Output<A, B>, AutoCloseable {

  private final Serialization<A, B> serialization;
  private final List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
  private boolean closed;

  public OutputBuffer(Serialization<A, B> serialization) {
    this.serialization = serialization;
  }

  @Override
  public synchronized void send(ProducerRecord<A, B> record) {
    Objects.requireNonNull(record, "record");
    if (closed) {
      throw new IllegalStateException(
          "the handler has returned: what it produces now is in no transaction");
    }
    records.add(serialization.apply(record));
  }

  /** The outputs so far. */
  public synchronized List<ProducerRecord<byte[], byte[]>> records() {
    return List.copyOf(records);
  }

  /** Refuses further outputs. */
  @Override
  public synchronized void close() {
    closed = true;
  }
}
