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

  /** What the broker had committed when it began, as far as was known. */
  final long floor;

  /** The last offset that was begun, by what orders it. */
  final Map<String, Long> last = new HashMap<>();

  /** What has ended well in it. */
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

  /** How many handlers may still say that they have begun, as they had before the release. */
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
