package dev.millrace.testkit.chaos;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** One partition at one worker, from when it is assigned until it is released. */
final class Ownership {

  final int partition;
  final long epoch;
  final long since;

  /** The committed offset at the beginning, as far as it was known. */
  final long floor;

  /** The last offset that was begun, by the key or partition that orders it. */
  final Map<String, Long> last = new HashMap<>();

  /** The offsets whose handlers ended well. */
  final Set<Long> finished = new HashSet<>();

  /** How often a record has failed in it, by offset. */
  final Map<Long, Integer> failures = new HashMap<>();

  /** How many records it may process that were processed before. */
  final int allowedRepeats;

  int repeats;

  /** The last offset that the broker confirmed. */
  long committed = -1;

  /** When something last moved. */
  long moved;

  boolean released;
  long releasedAt;

  /** The number of handlers that may still log their start: they had begun before the release. */
  long lateStarts;

  /** The lowest offset that was being handled at the release. */
  long lowestRunning = Long.MAX_VALUE;

  Ownership(int partition, long epoch, long since, long floor, int allowedRepeats) {
    this.partition = partition;
    this.epoch = epoch;
    this.since = since;
    this.floor = floor;
    this.allowedRepeats = allowedRepeats;
    this.moved = since;
  }
}
