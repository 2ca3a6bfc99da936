package dev.millrace.testkit.chaos;

/** A defect planted into a worker, to see that the oracle finds it. */
enum Defect {
  NONE,
  /** Commits what was polled, handled or not. */
  COMMITS_AHEAD,
  /** Starts records of a partition that was revoked. */
  FORGETS_REVOKES,
  /** Lets the next record of a key begin while one runs. */
  TWO_OF_A_KEY,
  /** Handles nothing any more after a while. */
  STANDS_STILL,
  /** Settles a record and handles it afterwards. */
  SETTLES_EARLY,
  /** Passes over some records. */
  DROPS_RECORDS,
  /** Commits an offset that is lower than one before. */
  COMMITS_BACK,
  /** Does not poll while it handles. */
  STOPS_POLLING,
  /** Leaves a thread behind when it is closed. */
  LEAKS_A_THREAD,
  /** Does not end on SIGTERM. */
  CLOSES_LATE,
  /** Runs more handlers than it may. */
  TOO_MANY_AT_ONCE,
  /** Produces by itself, in no transaction. */
  PRODUCES_OUTSIDE,
  /** Produces in transactions that the offsets are not part of. */
  FORGETS_OFFSETS,
  /** Handles what was produced in transactions that were aborted. */
  READS_UNCOMMITTED
}
