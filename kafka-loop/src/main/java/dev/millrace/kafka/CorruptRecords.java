package dev.millrace.kafka;

/**
 * Decides what the consumer does with a record that the broker has, but that cannot be read because
 * its batch is corrupt.
 */
public enum CorruptRecords {

  /**
   * The consumer stops. Its failure names the topic, the partition and the offset. This is the
   * default: a broken disk should be looked at before its records are given up.
   */
  STOP,

  /**
   * Each offset of the batch counts as a failed record, as if it could not be deserialized, and the
   * consumer goes on behind the batch. Such a record has a topic, a partition and an offset, but
   * neither key nor value. Its {@linkplain DeadLetter#stage() stage} is {@value DeadLetter#FETCH}.
   * Passing a corrupt batch takes one request to the broker for each of its offsets.
   */
  FAIL
}
