package dev.millrace.testkit.chaos;

/** The records that a consumer handles one after the other, in the order of their offsets. */
public enum Ordering {
  /** The records of a partition. */
  PARTITION,
  /** The records of a partition with the same key. */
  KEY,
  /** None: any record may be handled at any time. */
  UNORDERED
}
