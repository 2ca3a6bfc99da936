package dev.millrace.kafka.internal.partition;

import dev.millrace.clock.internal.Time;
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
 * The uncommitted outputs of the records of a partition, in the order of the records. Not
 * thread-safe.
 */
final class Outputs {

  /**
   * A record whose outputs were not accepted. Nothing from this record on is committed before its
   * outputs are sent again.
   *
   * @param offset of the record
   * @param attempts how often its outputs were not accepted
   * @param since when this happened first, as {@link System#nanoTime}
   * @param until when they may be sent again
   * @param why the last failure
   */
  record Held(long offset, int attempts, long since, long until, Exception why) {
    Duration age() {
      return Duration.ofNanos(Time.nanoTime() - since);
    }

    String reason() {
      return "it waits for its next attempt; " + why.getMessage();
    }
  }

  private final NavigableMap<Long, Produced> byOffset = new TreeMap<>();
  private @Nullable Held held;
  private long bytes;

  /** Adds or replaces the outputs of a record. */
  void put(Produced produced) {
    bytes += produced.bytes();
    Produced before = byOffset.put(produced.source().offset(), produced);
    if (before != null) {
      bytes -= before.bytes();
    }
  }

  /** The outputs that belong to a commit of this offset. */
  List<Produced> before(long offset) {
    return new ArrayList<>(byOffset.headMap(offset).values());
  }

  /** This offset is committed. Returns the dead letters that are committed with it. */
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

  /** The outputs of this record were not accepted, and are not sent again before this time. */
  void hold(long offset, long until, Exception why) {
    Held before = heldAt(offset);
    held =
        before == null
            ? new Held(offset, 1, Time.nanoTime(), until, why)
            : new Held(offset, before.attempts() + 1, before.since(), until, why);
  }

  /** How often the outputs of this record were not accepted. */
  int attempts(long offset) {
    Held before = heldAt(offset);
    return before == null ? 0 : before.attempts();
  }

  private @Nullable Held heldAt(long offset) {
    Held before = held;
    return before == null || before.offset() != offset ? null : before;
  }

  /** The record that all later records wait for; null if there is none. */
  @Nullable Held held() {
    return held;
  }

  /**
   * The largest offset that may be committed now, if all records before this offset are settled.
   */
  long sendableTo(long offset) {
    Held first = held;
    return first == null || first.until() - Time.nanoTime() <= 0
        ? offset
        : Math.min(offset, first.offset());
  }

  /** The leader epoch of the record there; empty if there is none, or it is not known. */
  Optional<Integer> epochAt(long offset) {
    Produced produced = byOffset.get(offset);
    return produced == null ? Optional.empty() : produced.source().leaderEpoch();
  }

  /** The outputs of the record there; null if there are none. */
  @Nullable Produced at(long offset) {
    return byOffset.get(offset);
  }

  /** The offset of the first record with outputs; the given one if there is none. */
  long first(long none) {
    return byOffset.isEmpty() ? none : byOffset.firstKey();
  }

  int size() {
    return byOffset.size();
  }

  long bytes() {
    return bytes;
  }
}
