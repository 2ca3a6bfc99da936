package dev.millrace.kafka;

import java.util.Map;
import java.util.Objects;

/**
 * What a loop has done since it was built. Immutable. The figures are read one after the other, so
 * that they may differ by what has happened meanwhile.
 *
 * @param settled records that are settled
 * @param handled records that the handler has handled
 * @param failures attempts that have failed, by stage; see {@link PartitionObserver#failed}
 * @param retries attempts to handle a record, after the first
 * @param deadLetters records that are safe in the dead letters
 * @param deadLettersByReason the same by {@link DeadLetter#reason}; of more than 100 reasons the
 *     rest is {@code other}
 * @param rebalances changes of what is assigned
 * @param commits commits that have succeeded
 * @param commitFailures commits that have failed
 * @param settleLatency from when a record was polled until it was settled, over the last half to
 *     whole minute
 * @param newHistories logs that were not the ones that were consumed; see {@link NewHistory}
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
    long newHistories) {

  /** Copies the maps. */
  public LoopFigures {
    failures = Map.copyOf(failures);
    deadLettersByReason = Map.copyOf(deadLettersByReason);
    Objects.requireNonNull(settleLatency, "settleLatency");
  }

  /** Of a loop that has met no new history. */
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
        0);
  }
}
