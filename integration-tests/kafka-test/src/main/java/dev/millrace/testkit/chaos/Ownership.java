package dev.millrace.testkit.chaos;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** One partition at one worker, from its assignment to its release. */
final class Ownership {

  final int partition;

  /** The number of this ownership, counted by the worker; -1 if the worker did not report it. */
  final long epoch;

  final long since;

  /** The last known committed offset at the beginning. */
  final long floor;

  /** The last offset whose handler has begun, by the key or partition that orders the records. */
  final Map<String, Long> last = new HashMap<>();

  /** The offsets whose handlers succeeded. */
  final Set<Long> finished = new HashSet<>();

  /** The number of failed attempts, by offset. */
  final Map<Long, Integer> failures = new HashMap<>();

  /** The number of records that the owner may process again. */
  final int allowedRepeats;

  int repeats;

  /** The last offset that the broker confirmed. */
  long committed = -1;

  /** The time of the last progress. */
  long moved;

  boolean released;
  long releasedAt;

  /** The number of handlers that may still log their start: they had begun before the release. */
  long lateStarts;

  /** The lowest offset that was being handled at the release. */
  long lowestRunning = Long.MAX_VALUE;

  /** An ownership that a worker did not report, but must have: it handles a record. */
  static Ownership assumed(int partition, long since) {
    return new Ownership(partition, -1, since, -1, Integer.MAX_VALUE - 1);
  }

  boolean isAssumed() {
    return epoch < 0;
  }

  Ownership(int partition, long epoch, long since, long floor, int allowedRepeats) {
    this.partition = partition;
    this.epoch = epoch;
    this.since = since;
    this.floor = floor;
    this.allowedRepeats = allowedRepeats;
    this.moved = since;
  }
}
