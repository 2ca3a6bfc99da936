package dev.millrace.testkit.chaos;

/** A defect that is planted into a worker. The oracle must find it. */
enum Defect {
  NONE,
  /** Commits polled records, handled or not. */
  COMMITS_AHEAD,
  /** Starts records of a partition that was revoked. */
  FORGETS_REVOKES,
  /** Lets the next record of a key begin while a record of this key runs. */
  TWO_OF_A_KEY,
  /** Handles no more records after a while. */
  STANDS_STILL,
  /** Settles a record and handles it afterwards. */
  SETTLES_EARLY,
  /** Handles the records of a batch backwards. */
  REVERSES_BATCHES,
  /** Handles more records at once than a batch may have. */
  BATCHES_TOO_LARGE,
  /** Handles some of the records that are to be skipped. */
  HANDLES_MARKED,
  /** Handles some records twice. */
  HANDLES_TWICE,
  /** Skips some records. */
  DROPS_RECORDS,
  /** Commits an offset that is lower than an earlier one. */
  COMMITS_BACK,
  /** Does not poll while a handler runs. */
  STOPS_POLLING,
  /** Leaves a thread behind when it is closed. */
  LEAKS_A_THREAD,
  /** Does not end on SIGTERM. */
  CLOSES_LATE,
  /** Runs more handlers than the concurrency allows. */
  TOO_MANY_AT_ONCE,
  /** Raises the concurrency of the running loop above the allowed one. */
  TURNS_TOO_HIGH,
  /** Produces with its own producer, outside of the transaction. */
  PRODUCES_OUTSIDE,
  /** Produces in transactions that do not contain the offsets. */
  FORGETS_OFFSETS,
  /** Handles records of aborted transactions. */
  READS_UNCOMMITTED
}
