package dev.millrace.testkit.chaos;

/** The invariants that an oracle checks. {@link #promise} says each of them in a sentence. */
public enum Invariant {
  /** Every record produced is processed at least once. */
  ALL_PROCESSED(1, "every record produced is processed at least once"),
  /** The committed offset never passes the lowest unfinished record. */
  COMMIT_BEHIND_WORK(2, "the committed offset never passes the lowest unfinished record"),
  /** Commits never go back, and no record below a committed offset is replayed. */
  NEVER_BACK(3, "commits never go back, and nothing is replayed from below what is committed"),
  /** No two records of a key at the same time, and their offsets rise. */
  KEY_ORDER(4, "no two records of a key at the same time, and their offsets rise"),
  /** Duplicates are bounded by the uncommitted window of each disturbance. */
  FEW_DUPLICATES(5, "duplicates are bounded by the uncommitted window of each disturbance"),
  /** After a revoke there is no commit and no new start of that partition. */
  REVOKED_IS_OVER(6, "after a revoke there is no commit and no new start of that partition"),
  /** No assigned partition with lag stands still, at any instance. */
  PROGRESS(7, "no assigned partition with lag stands still, at any instance"),
  /** Close ends by its deadline, and leaves no thread behind. */
  CLEAN_CLOSE(8, "close ends by its deadline, and leaves no thread behind"),
  /** The records in flight and the heap stay within their bounds. */
  BOUNDED(9, "the records in flight and the heap stay within their bounds"),
  /** Members keep polling while they are paused, drain, or retry. */
  KEEPS_POLLING(10, "members keep polling while they are paused, drain, or retry"),
  /** Readers of committed records see the outputs of each record once, in order. */
  EXACTLY_ONCE(11, "readers of committed records see what is made of each record once, in order"),
  /** Records that are to be skipped reach no handler and no dead letters. */
  SKIPPED(12, "records that are to be skipped reach no handler and no dead letters");

  /** The number of the invariant, from 1, in messages and on the pages. */
  public final int number;

  /** The invariant in a sentence, without a full stop. */
  public final String promise;

  Invariant(int number, String promise) {
    this.number = number;
    this.promise = promise;
  }
}
