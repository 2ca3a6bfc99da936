package dev.millrace.kafka;

/**
 * Where the consumption begins of a partition that did not exist when its group began to consume,
 * and of which nothing is committed.
 */
public enum AddedPartitions {
  /** At its beginning: its first records were written after the group had begun. */
  FROM_BEGINNING,

  /**
   * By {@code auto.offset.reset}, as Kafka's own consumer: {@code latest} skips what was written
   * before a member has noticed the partition, and {@code none} stops the consumer.
   */
  BY_RESET
}
