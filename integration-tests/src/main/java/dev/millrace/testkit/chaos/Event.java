package dev.millrace.testkit.chaos;

import org.jspecify.annotations.Nullable;

/**
 * An action of a worker or of the conductor: one line of a log. Immutable.
 *
 * @param who the worker, or {@link #CONDUCTOR}
 * @param nanos the machine's monotonic time, the same for all its processes
 * @param millis since 1970, for people
 * @param partition -1 if it is not about one
 * @param offset -1 if it is not about one
 * @param epoch which ownership of a partition, counted by the worker; -1 if it is not about one
 * @param key of the record, or empty
 * @param detail for people, but for {@link Kind#BEAT} and {@link Kind#CLOSED}
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
    /** A handler begins; in the log before its work. */
    START,
    /** A handler has ended well; on disk before the record is settled. */
    END,
    /** A handler has failed. */
    FAILED,
    /** A record is safe in the dead letters; on disk before it is settled. */
    LETTER,
    /** The dead letters did not take a record. */
    LETTER_FAILED,
    /** A partition is consumed from now on. */
    ASSIGNED,
    /** It is not any more; the offset is how many records have begun and not ended. */
    RELEASED,
    /** The broker has answered to a commit. */
    COMMIT,
    /** How the process is: milliseconds since it polled as offset, bytes of heap as epoch. */
    BEAT,
    /** The loop has ended; the detail names threads that are left. */
    CLOSED,
    /** The loop says what it survives. */
    SURVIVED,

    /** The conductor has started a worker. */
    LAUNCHED,
    /** It has asked it to end. */
    TERMINATED,
    /** It has killed it. */
    KILLED,
    /** It has stopped it. */
    STOPPED,
    /** It lets it go on. */
    CONTINUED,
    /** A worker's process has ended; the offset is its status. */
    EXITED,
    /** Something that all depend on is taken away. */
    FAULT,
    /** It is back. */
    REPAIRED,
    /** The log of a partition begins at that offset from now on. */
    DELETED
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

  /** Reads a line; null if it is not whole, as the last one of a process that was killed. */
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

  /** An action or an observation of the conductor, now. */
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

  /** For people: seconds since {@code zero}, and the fields that are set. */
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
