package dev.millrace.testkit.chaos;

/** Asks whether a record is still in the log: compaction and retention take some away. */
@FunctionalInterface
interface LogLookup {

  /** The log as it was written. */
  LogLookup KEEPS_ALL = (partition, offset) -> true;

  /** Whether a consumer that starts at the offset would get the record of that offset. */
  boolean holds(int partition, long offset);
}
