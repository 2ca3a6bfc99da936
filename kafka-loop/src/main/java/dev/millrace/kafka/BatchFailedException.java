package dev.millrace.kafka;

import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Thrown by a {@link BatchHandler} to tell which record has failed: those before it in the batch
 * are settled, it is tried again or goes to the dead letters, and those behind it are handled
 * again. The cause is what counts for the policy, and for the dead letter.
 */
public final class BatchFailedException extends Exception {

  private static final long serialVersionUID = 1L;

  private final TopicPartition partition;
  private final long offset;

  /**
   * Names the record, but shows nothing of it.
   *
   * @param record the one that has failed, out of the batch; if it is not, all of the batch failed
   * @param cause why
   */
  public BatchFailedException(ConsumerRecord<?, ?> record, Throwable cause) {
    super(
        "the record of %s-%d at offset %d failed: %s"
            .formatted(record.topic(), record.partition(), record.offset(), cause),
        Objects.requireNonNull(cause, "cause"));
    this.partition = new TopicPartition(record.topic(), record.partition());
    this.offset = record.offset();
  }

  /** Whether it is that record. */
  public boolean names(ConsumerRecord<?, ?> record) {
    return offset == record.offset()
        && partition.partition() == record.partition()
        && partition.topic().equals(record.topic());
  }
}
