package dev.millrace.kafka.internal.partition;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.Front;
import java.time.Duration;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The ends of the log of one partition, and the number of offsets that an open transaction hides.
 * Guarded by the lock of the partition.
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

  /** The offset behind the last record; negative if it is not known. */
  long end() {
    return end;
  }

  /** Sets the end of the log, from a fetch. It can fall, because logs can be truncated. */
  void fetched(long log) {
    end = log;
  }

  /** Sets the end of the log and the end of its readable part, from an answer of the brokers. */
  void told(long log, long stable) {
    boolean hid = logEnd > stableEnd;
    if (stable != stableEnd || !hid) { // measures the age of a transaction, and not of a quiet log
      hiddenSince = Time.nanoTime();
    }
    logEnd = log;
    end = log;
    stableEnd = stable;
  }

  /** The number of offsets from this position on that an open transaction hides. */
  long withheld(long position) {
    return Math.max(0, logEnd - Math.max(stableEnd, position));
  }

  /** The front if an open transaction hides the records from this position on; null otherwise. */
  @Nullable Front hidden(TopicPartition name, long position) {
    if (position != stableEnd || withheld(position) == 0) {
      return null;
    }
    String why =
        "a transaction is open, and hides %d offsets from here on: end the producer that hangs, or abort its transaction (kafka-transactions.sh)"
            .formatted(withheld(position));
    return new Front(name, stableEnd, Duration.ofNanos(Time.nanoTime() - hiddenSince), why);
  }
}
