package dev.millrace.kafka;

/**
 * Where to go on when the log of a partition is not the one that was consumed: its offsets have
 * expired, an election has cut it, or its topic was deleted and made anew. Each such event is told
 * as a {@link NewHistoryException}.
 */
public enum NewHistory {
  /**
   * Where no record that is there is skipped: at the first offset behind those that have expired,
   * at the cut, at the beginning of a topic that was made anew. Where the place of the cut is not
   * known, at the beginning of the log: records come again.
   */
  RESUME,

  /** By {@code auto.offset.reset}, as Kafka's own consumer: {@code latest} skips records. */
  RESET,

  /** The consumer stops with the {@link NewHistoryException}. Nothing is committed. */
  STOP
}
