package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.DeadLetter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What was produced for the records of a partition and is not committed, in the order of the
 * records. Not safe for use by many threads.
 */
final class Outputs {

  /**
   * A record whose outputs were not taken, and what comes behind it, which is not committed before
   * they are tried again.
   *
   * @param offset of the record
   * @param attempts how often that has happened
   * @param since when it happened first, by {@link System#nanoTime}
   * @param until when they may be tried again
   * @param why what happened last
   */
  record Held(long offset, int attempts, long since, long until, Exception why) {
    Duration age() {
      return Duration.ofNanos(System.nanoTime() - since);
    }

    String reason() {
      return "it waits for its next attempt; " + why.getMessage();
    }
  }

  private final NavigableMap<Long, Produced> byOffset = new TreeMap<>();
  private @Nullable Held held;
  private long bytes;

  /** Adds what was produced for a record, or replaces it. */
  void put(Produced produced) {
    bytes += produced.bytes();
    Produced before = byOffset.put(produced.source().offset(), produced);
    if (before != null) {
      bytes -= before.bytes();
    }
  }

  /** What belongs to a commit of that offset. */
  List<Produced> before(long offset) {
    return new ArrayList<>(byOffset.headMap(offset).values());
  }

  /** That offset is committed; the dead letters that are committed by that. */
  List<DeadLetter> committed(long offset) {
    Map<Long, Produced> done = byOffset.headMap(offset);
    List<DeadLetter> letters = new ArrayList<>();
    for (Produced one : done.values()) {
      bytes -= one.bytes();
      DeadLetter letter = one.letter();
      if (letter != null) {
        letters.add(letter);
      }
    }
    done.clear();
    if (held != null && held.offset() < offset) {
      held = null;
    }
    return letters;
  }

  /** What is produced for that record was not taken, and is not tried again before that time. */
  void hold(long offset, long until, Exception why) {
    Held before = heldAt(offset);
    held =
        before == null
            ? new Held(offset, 1, System.nanoTime(), until, why)
            : new Held(offset, before.attempts() + 1, before.since(), until, why);
  }

  /** How often what is produced for that record was not taken. */
  int attempts(long offset) {
    Held before = heldAt(offset);
    return before == null ? 0 : before.attempts();
  }

  private @Nullable Held heldAt(long offset) {
    Held before = held;
    return before == null || before.offset() != offset ? null : before;
  }

  /** The record that all behind it wait for; null if there is none. */
  @Nullable Held held() {
    return held;
  }

  /** Up to where it may be committed now, if it is settled up to that offset. */
  long sendableTo(long offset) {
    Held first = held;
    return first == null || first.until() - System.nanoTime() <= 0
        ? offset
        : Math.min(offset, first.offset());
  }

  /** The leader epoch of the record there; empty if there is none, or it is not known. */
  Optional<Integer> epochAt(long offset) {
    Produced produced = byOffset.get(offset);
    return produced == null ? Optional.empty() : produced.source().leaderEpoch();
  }

  int size() {
    return byOffset.size();
  }

  long bytes() {
    return bytes;
  }
}
