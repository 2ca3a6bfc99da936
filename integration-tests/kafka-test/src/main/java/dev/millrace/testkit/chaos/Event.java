package dev.millrace.testkit.chaos;

import org.jspecify.annotations.Nullable;

/**
 * An action of a worker or of the conductor: one line of a log. Immutable.
 *
 * @param who the worker, or {@link #CONDUCTOR}
 * @param nanos the machine's monotonic time, the same for all its processes
 * @param millis the time in ms since 1970, for people who read the log
 * @param partition -1 if the event is not about a partition
 * @param offset -1 if the event is not about an offset
 * @param epoch the number of the ownership of the partition, counted by the worker; -1 if the event
 *     is not about an ownership
 * @param key the key of the record, or empty
 * @param detail text for people; the oracle reads it only for {@link Kind#BEAT}, {@link
 *     Kind#CLOSED} and {@link Kind#START}, where it is the name of the record's batch, or empty
 */
record Event(
    String who,
    long nanos,
    long millis,
    Kind kind,
    int partition,
    long offset,
    long epoch,
    String key,
    String detail) {

  static final String CONDUCTOR = "conductor";

  /** The kinds of events. */
  enum Kind {
    /** A handler begins; logged before its work. */
    START,
    /** A handler has succeeded; logged before the record is settled. */
    END,
    /** A handler has failed. */
    FAILED,
    /** A record is safe in the dead letters; logged before it is settled. */
    LETTER,
    /** A handler has succeeded with a record of a retry topic; logged before it is settled. */
    RETRIED,
    /** A record of a retry topic is safe in the dead letters; logged before it is settled. */
    RETRY_LETTER,
    /** The dead letters did not take a record. */
    LETTER_FAILED,
    /** A partition is consumed from now on. */
    ASSIGNED,
    /**
     * A partition is no longer consumed. The offset is the number of handlers that have begun and
     * not ended.
     */
    RELEASED,
    /** The broker has answered a commit. */
    COMMIT,
    /**
     * The same, in a process whose consumer also commits automatically: the report may come later
     * than the report of a newer commit.
     */
    AUTO_COMMIT,
    /**
     * A commit has failed, whatever its partitions. The offset is the time in ms since the worker's
     * last answer to a commit.
     */
    COMMIT_FAILED,
    /**
     * The state of the process. The offset is the time since the last poll in ms, the epoch is the
     * used heap in bytes.
     */
    BEAT,
    /** The loop has ended; the detail names the threads that are left. */
    CLOSED,
    /** A failure that the loop survives. */
    SURVIVED,
    /** A setting of the running loop is changed; the detail has the new value. */
    TURNED,

    /** The conductor has started a worker. */
    LAUNCHED,
    /** The conductor has asked a worker to end. */
    TERMINATED,
    /** The conductor has killed a worker. */
    KILLED,
    /** The conductor has stopped a worker. */
    STOPPED,
    /** The conductor has continued a worker. */
    CONTINUED,
    /** The process of a worker has ended; the offset is its exit status. */
    EXITED,
    /** A resource that all workers share is taken away. */
    FAULT,
    /** The shared resource is back. */
    REPAIRED,
    /** From now on the log of a partition begins at this offset. */
    DELETED,
    /** The commits of the group have expired. No worker runs at that moment. */
    EXPIRED
  }

  /** The line of a log, without its end. */
  String line() {
    return String.join(
        "\t",
        Long.toString(nanos),
        Long.toString(millis),
        kind.name(),
        Integer.toString(partition),
        Long.toString(offset),
        Long.toString(epoch),
        key,
        detail.replaceAll("\\s+", " "));
  }

  /**
   * Reads a line. Returns null for an incomplete line, such as the last line of a killed process.
   */
  static @Nullable Event parse(String who, String line) {
    String[] parts = line.split("\t", -1);
    if (parts.length != 8) {
      return null;
    }
    return new Event(
        who,
        Long.parseLong(parts[0]),
        Long.parseLong(parts[1]),
        Kind.valueOf(parts[2]),
        Integer.parseInt(parts[3]),
        Long.parseLong(parts[4]),
        Long.parseLong(parts[5]),
        parts[6],
        parts[7]);
  }

  /** An action or an observation of the conductor, at this moment. */
  static Event now(String who, Kind kind, int partition, long offset, String detail) {
    return new Event(
        who,
        System.nanoTime(),
        System.currentTimeMillis(),
        kind,
        partition,
        offset,
        -1,
        "",
        detail);
  }

  /** A readable text: seconds since {@code zero}, and the fields that are set. */
  String text(long zero) {
    var text = new StringBuilder();
    text.append("%9.3f %-9s %s".formatted((nanos - zero) / 1e9, who, kind));
    if (partition >= 0) {
      text.append(" p").append(partition);
    }
    if (offset >= 0) {
      text.append(kind == Kind.START || kind == Kind.END ? "@" : " ").append(offset);
    }
    if (epoch >= 0 && kind != Kind.BEAT) {
      text.append(" epoch ").append(epoch);
    }
    if (!key.isEmpty()) {
      text.append(" key ").append(key);
    }
    return text.append(detail.isEmpty() ? "" : " " + detail).toString();
  }
}
