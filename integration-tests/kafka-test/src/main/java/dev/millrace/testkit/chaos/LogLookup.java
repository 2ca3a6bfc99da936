package dev.millrace.testkit.chaos;

/** Finds the records that are still in the log: compaction and retention remove some. */
@FunctionalInterface
interface LogLookup {

  /** The log as it was written. */
  LogLookup KEEPS_ALL = (partition, offset) -> offset;

  /**
   * The offset of the first record for a consumer that begins at {@code offset}; {@link
   * Long#MAX_VALUE} if there is none. May wait until a broker is back.
   */
  long firstFrom(int partition, long offset);
}
