package dev.millrace.kafka;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * An element of a pipeline, and the record that a {@link KafkaSink} has made of it. It is the
 * element of a failure if the record was not acknowledged. Thread-safe.
 *
 * @param <T> the type of the element
 */
public final class Sent<T> {

  /** No partition is known. */
  private static final int UNKNOWN = -1;

  private final T element;
  private final ProducerRecord<?, ?> record;
  private final CompletableFuture<RecordMetadata> acknowledged = new CompletableFuture<>();

  Sent(T element, ProducerRecord<?, ?> record) {
    this.element = element;
    this.record = record;
  }

  /** The element of the pipeline. */
  public T element() {
    return element;
  }

  /** The record that was made of the element. */
  public ProducerRecord<?, ?> record() {
    return record;
  }

  /** The partition and the offset of the record; null if it is not acknowledged. Does not block. */
  public @Nullable RecordMetadata metadata() {
    return isAcknowledged() ? acknowledged.resultNow() : null;
  }

  /** Whether the broker has acknowledged the record. Does not block. */
  boolean isAcknowledged() {
    return acknowledged.state() == CompletableFuture.State.SUCCESS;
  }

  /** Whether it is known that the record is acknowledged, or that it never will be. */
  boolean isDone() {
    return acknowledged.isDone();
  }

  /** The broker has acknowledged the record. The first result counts. */
  void acknowledged(RecordMetadata metadata) {
    acknowledged.complete(metadata);
  }

  /** The producer has given the record up. The first result counts. */
  void failed(@Nullable RecordMetadata metadata, Throwable cause) {
    int partition = metadata == null ? UNKNOWN : metadata.partition();
    Integer wanted = record.partition();
    if (partition < 0 && wanted != null) {
      partition = wanted;
    }
    acknowledged.completeExceptionally(new ProduceFailedException(record, partition, cause));
  }

  /**
   * Waits for the acknowledgement.
   *
   * @throws ProduceFailedException if the producer has given the record up
   */
  Sent<T> await() throws InterruptedException, ProduceFailedException {
    try {
      acknowledged.get();
      return this;
    } catch (ExecutionException e) {
      throw (ProduceFailedException) e.getCause();
    }
  }

  /** Names the key, the topic and the partition of the record; does not show the value. */
  @Override
  public String toString() {
    RecordMetadata metadata = metadata();
    Integer wanted = record.partition();
    int partition =
        metadata != null ? metadata.partition() : wanted != null ? wanted.intValue() : UNKNOWN;
    return "record with the key '%s' for %s"
        .formatted(
            ProduceFailedException.key(record),
            ProduceFailedException.place(record.topic(), partition));
  }
}
