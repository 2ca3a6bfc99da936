package dev.millrace.testkit.chaos;

/** The invariants, with the names of the reliability page. */
enum Invariant {
  ALL_PROCESSED(1, "every record produced is processed at least once"),
  COMMIT_BEHIND_WORK(2, "the committed offset never passes the lowest unfinished record"),
  NEVER_BACK(3, "commits never go back, and nothing is replayed from below what is committed"),
  KEY_ORDER(4, "no two records of a key at the same time, and their offsets rise"),
  FEW_DUPLICATES(5, "duplicates are bounded by the uncommitted window of each disturbance"),
  REVOKED_IS_OVER(6, "after a revoke there is no commit and no new start of that partition"),
  PROGRESS(7, "no assigned partition with lag stands still, at any instance"),
  CLEAN_CLOSE(8, "close ends by its deadline, and leaves no thread behind"),
  BOUNDED(9, "the records in flight and the heap stay within their bounds"),
  KEEPS_POLLING(10, "members keep polling while they are paused, drain, or retry"),
  EXACTLY_ONCE(11, "readers of committed records see what is made of each record once, in order");

  final int number;
  final String promise;

  Invariant(int number, String promise) {
    this.number = number;
    this.promise = promise;
  }
}
