package dev.millrace.kafka.internal.partition;

import java.time.Duration;

/**
 * The ends of the log of one partition, and what an open transaction hides of it. Guarded by the
 * lock of the partition.
 */
final class LogEnds {

  private static final long UNKNOWN = -1;

  private long end = UNKNOWN;
  private long logEnd = UNKNOWN;
  private long stableEnd = UNKNOWN;
  private long hiddenSince;

  /** Whether an end of the log is known. */
  boolean areKnown() {
    return end >= 0;
  }

  /** The offset behind the last one; negative if that is not known. */
  long end() {
    return end;
  }

  /** The offset behind the last one that can be read; negative if that is not known. */
  long stableEnd() {
    return stableEnd;
  }

  /** The end as the consumer knows it from a fetch. It can fall: logs are cut. */
  void fetched(long log) {
    end = log;
  }

  /** The end, and the end of the part that can be read, as the brokers tell them. */
  void told(long log, long stable) {
    boolean hid = logEnd > stableEnd;
    if (stable != stableEnd || !hid) { // the age of a transaction, and not of a quiet log
      hiddenSince = System.nanoTime();
    }
    logEnd = log;
    end = log;
    stableEnd = stable;
  }

  /** How many offsets from that position on are behind an open transaction. */
  long withheld(long position) {
    return Math.max(0, logEnd - Math.max(stableEnd, position));
  }

  /** For how long the transaction has been open. */
  Duration hiddenFor() {
    return Duration.ofNanos(System.nanoTime() - hiddenSince);
  }
}
