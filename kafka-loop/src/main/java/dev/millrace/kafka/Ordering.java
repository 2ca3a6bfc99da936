package dev.millrace.kafka;

/**
 * Which records wait for which. Records of different partitions never wait for each other.
 *
 * <p>A record waits until the one before it is <i>settled</i>: handled, or safely in the dead
 * letters. Retries count as part of the handling, so a record that is retried keeps those behind it
 * waiting.
 */
public enum Ordering {
  /**
   * The records of a partition one after the other: the order that Kafka itself promises. As many
   * handlers run at the same time as there are partitions, at the most.
   */
  PARTITION,

  /**
   * The records of a partition that have the same key one after the other; those of other keys run
   * side by side, and pass a key that is slow. Keys are the same if their bytes are. Records
   * without a key wait for none, and none waits for them.
   */
  KEY,

  /** No record waits for another; they begin in the order of their partition. */
  UNORDERED
}
