package dev.millrace.kafka;

import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Thrown by a {@link BatchHandler} to name the record that has failed. The records before it in the
 * batch are settled. The failed record is tried again or becomes a dead letter. The records behind
 * it are handled again. The retry settings and the dead letter use the cause. Thread-safe.
 */
public final class BatchFailedException extends Exception {

  private static final long serialVersionUID = 1L;

  private final TopicPartition partition;
  private final long offset;

  /**
   * Names the record in the message. Shows no content of the record.
   *
   * @param record the failed record of the batch; if it is not in the batch, the whole batch has
   *     failed
   * @param cause the reason
   */
  public BatchFailedException(ConsumerRecord<?, ?> record, Throwable cause) {
    super(
        "the record of %s-%d at offset %d failed: %s"
            .formatted(record.topic(), record.partition(), record.offset(), cause),
        Objects.requireNonNull(cause, "cause"));
    this.partition = new TopicPartition(record.topic(), record.partition());
    this.offset = record.offset();
  }

  /** Whether this exception names that record. */
  public boolean names(ConsumerRecord<?, ?> record) {
    return offset == record.offset()
        && partition.partition() == record.partition()
        && partition.topic().equals(record.topic());
  }
}
