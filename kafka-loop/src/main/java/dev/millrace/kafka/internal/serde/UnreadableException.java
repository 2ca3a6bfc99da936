package dev.millrace.kafka.internal.serde;

import dev.millrace.kafka.internal.text.Brief;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** The broker has a record whose bytes cannot be read: the batch that it is in is corrupt. */
public final class UnreadableException extends KafkaException {

  private static final long serialVersionUID = 1L;

  public UnreadableException(TopicPartition partition, long offset, Throwable cause) {
    super(
        "the record of %s at offset %d cannot be read, as its batch is corrupt: %s"
            .formatted(partition, offset, Brief.of(cause)),
        cause);
  }
}
