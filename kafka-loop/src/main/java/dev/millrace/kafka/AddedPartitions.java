package dev.millrace.kafka;

/**
 * Where consumption of a partition starts if the partition was added after its group started to
 * consume, and the group has committed no offset of it.
 */
public enum AddedPartitions {
  /**
   * At the beginning of the partition: its first records were written after the group had started.
   */
  FROM_BEGINNING,

  /**
   * By {@code auto.offset.reset}, as in Kafka's own consumer. {@code latest} skips records written
   * before a member noticed the partition. {@code none} stops the consumer.
   */
  BY_RESET
}
