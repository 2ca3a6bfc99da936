package dev.millrace.testkit.chaos;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The known records of a partition, and its commits. */
final class PartitionBook {

  /** Records that a handler has taken from a retry topic. */
  final Set<Long> retried = new HashSet<>();

  /** A commit that a worker reports; checked when all earlier events have been read. */
  record Claim(String who, long offset) {}

  final int number;

  /** The keys of the produced records that are not processed yet, by offset. */
  final TreeMap<Long, String> unfinished = new TreeMap<>();

  /**
   * Records that workers report as dead letters, and that the oracle has not found in the
   * dead-letter topic yet.
   */
  final TreeSet<Long> letters = new TreeSet<>();

  /** The records that the workers are to skip. They are in no other collection. */
  final Set<Long> marked = new HashSet<>();

  /** The records that have reached a handler, a retry topic, or the dead letters. */
  final Set<Long> reached = new HashSet<>();

  private final Set<Long> finished = new HashSet<>();

  /** The records that were processed before the group lost its commits. */
  private final Set<Long> finishedBefore = new HashSet<>();

  private List<Claim> young = new ArrayList<>();
  private List<Claim> old = new ArrayList<>();
  long end;
  long committed = -1;
  long deletedTo;
  long duplicates;
  long excused;

  PartitionBook(int number) {
    this.number = number;
  }

  void produced(long offset, String key) {
    end = Math.max(end, offset + 1);
    if (!finished.contains(offset) && offset >= deletedTo) {
      unfinished.put(offset, key);
    }
  }

  /** A record was processed, or is safe in the dead letters. Returns true the first time. */
  boolean finished(long offset) {
    unfinished.remove(offset);
    if (finished.add(offset)) {
      return true;
    }
    duplicates++;
    return false;
  }

  boolean isFinished(long offset) {
    return finished.contains(offset);
  }

  /** The number of processed records; a record counts once. */
  int finished() {
    finishedBefore.addAll(finished);
    return finishedBefore.size();
  }

  /** The group has lost its commits: it must process again all records that are still there. */
  void beginAgain() {
    committed = -1;
    for (long offset : finished) {
      if (offset >= deletedTo) {
        unfinished.put(offset, "");
      }
    }
    finishedBefore.addAll(finished);
    finished.clear();
    young.clear();
    old.clear();
  }

  void deletedTo(long offset) {
    deletedTo = Math.max(deletedTo, offset);
    excuseTo(offset);
  }

  private void excuseTo(long offset) {
    var gone = unfinished.headMap(offset);
    excused += gone.size();
    gone.clear();
  }

  void claims(String who, long offset) {
    young.add(new Claim(who, offset));
  }

  /** The claims of the reading before the last one. */
  List<Claim> claimsToCheck() {
    List<Claim> ripe = old;
    old = young;
    young = new ArrayList<>();
    return ripe;
  }

  /**
   * The first unprocessed record before {@code offset}; null if there is none. Records that
   * compaction or retention removed are excused.
   */
  @Nullable Long firstUnfinishedBefore(long offset, LogLookup log) {
    while (!unfinished.isEmpty() && unfinished.firstKey() < offset) {
      long first = unfinished.firstKey();
      long held = log.firstFrom(number, first);
      if (held == first) {
        return first;
      }
      excuseTo(held);
    }
    return null;
  }
}
