package dev.millrace.kafka;

/**
 * Where to go on when the log of a partition is not the one that was consumed before. Its offsets
 * have expired, an election has truncated it, or its topic was deleted and created again. Each such
 * event is reported as a {@link NewHistoryException}.
 */
public enum NewHistory {
  /**
   * At a place where no existing record is skipped. It is the first offset after the expired ones,
   * the truncation, or the beginning of a topic that was created again. If the place of the
   * truncation is not known, at the beginning of the log; records are then redelivered.
   */
  RESUME,

  /** By {@code auto.offset.reset}, as in Kafka's own consumer. {@code latest} skips records. */
  RESET,

  /**
   * The consumer stops with the {@link NewHistoryException}. It commits nothing for that partition.
   */
  STOP
}
