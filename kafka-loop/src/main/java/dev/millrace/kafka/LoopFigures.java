package dev.millrace.kafka;

import java.util.Map;
import java.util.Objects;

/**
 * The counts of a loop since it was built. Immutable and thread-safe. The counts are read one after
 * the other, so they may differ by the events in between.
 *
 * @param settled settled records
 * @param handled records that the handler has handled
 * @param failures failed attempts, by stage; see {@link PartitionObserver#failed}
 * @param retries attempts to handle a record, after the first
 * @param deadLetters records that are safe in the dead letters
 * @param deadLettersByReason the same, by {@link DeadLetter#reason}; reasons beyond the first 100
 *     count as {@code other}
 * @param rebalances changes of the assignment
 * @param commits successful commits
 * @param commitFailures failed commits
 * @param settleLatency the time from the poll of a record until it was settled, over the last 30 to
 *     60 seconds
 * @param newHistories logs that were not the ones consumed before; see {@link NewHistory}
 * @param skipped records that were settled without being deserialized or handled; see {@link
 *     PartitionObserver#skipped}
 */
public record LoopFigures(
    long settled,
    long handled,
    Map<String, Long> failures,
    long retries,
    long deadLetters,
    Map<String, Long> deadLettersByReason,
    long rebalances,
    long commits,
    long commitFailures,
    Latency settleLatency,
    long newHistories,
    long skipped) {

  /** Copies the maps. */
  public LoopFigures {
    failures = Map.copyOf(failures);
    deadLettersByReason = Map.copyOf(deadLettersByReason);
    Objects.requireNonNull(settleLatency, "settleLatency");
  }

  /** The figures of a loop without new histories. */
  public LoopFigures(
      long settled,
      long handled,
      Map<String, Long> failures,
      long retries,
      long deadLetters,
      Map<String, Long> deadLettersByReason,
      long rebalances,
      long commits,
      long commitFailures,
      Latency settleLatency) {
    this(
        settled,
        handled,
        failures,
        retries,
        deadLetters,
        deadLettersByReason,
        rebalances,
        commits,
        commitFailures,
        settleLatency,
        0,
        0);
  }
}
