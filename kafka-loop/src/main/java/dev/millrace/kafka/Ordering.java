package dev.millrace.kafka;

/**
 * Decides which records wait for each other. Records of different partitions never wait for each
 * other.
 *
 * <p>A record waits until the record before it is <i>settled</i>: handled, or safe in the dead
 * letters. Retries are part of the handling. So the records behind a retried record keep waiting.
 */
public enum Ordering {
  /**
   * The records of a partition are handled one after the other: the order that Kafka itself
   * promises. At most one handler runs for each partition at the same time.
   */
  PARTITION,

  /**
   * The records of a partition with the same key are handled one after the other. Records with
   * other keys run at the same time, and pass a slow key. Keys are equal if their bytes are equal.
   * A record without a key waits for no record, and no record waits for it.
   */
  KEY,

  /** No record waits for another record. Records start in the order of their partition. */
  UNORDERED
}
