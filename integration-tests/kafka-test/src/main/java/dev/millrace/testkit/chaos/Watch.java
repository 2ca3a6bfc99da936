package dev.millrace.testkit.chaos;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;

/** The invariants that are about time: progress, polling, closing, and the bound of the heap. */
final class Watch {

  /** Reports a broken invariant. */
  interface Complaint {
    void say(Invariant invariant, String what, int partition, String key);
  }

  private static final int SIGTERM_STATUS = 128 + 15;

  private final Bounds bounds;
  private final Faults faults;
  private final LogLookup log;
  private final Complaint complaint;
  private long longestStall;

  Watch(Bounds bounds, Faults faults, LogLookup log, Complaint complaint) {
    this.bounds = bounds;
    this.faults = faults;
    this.log = log;
    this.complaint = complaint;
  }

  Duration longestStall() {
    return Duration.ofNanos(longestStall);
  }

  /** A worker reports its state. */
  void beat(Member member, Event event) {
    if (event.nanos() - member.beatAt > Member.STARVED && member.beatAt > 0) {
      member.troubledAt = event.nanos(); // the worker was stopped, or the machine is too busy
    }
    member.beatAt = event.nanos();
    long sincePoll = event.offset();
    if (sincePoll > bounds.pollGap().toMillis() && !isTroubled(member, event.nanos())) {
      complaint.say(
          Invariant.KEEPS_POLLING,
          "%s has not polled for %d ms".formatted(member.name, sincePoll),
          -1,
          "");
      member.troubledAt = event.nanos(); // said once
    }
    if (event.epoch() > bounds.heap()) {
      complaint.say(
          Invariant.BOUNDED,
          "%s uses %d bytes of heap, but may use %d"
              .formatted(member.name, event.epoch(), bounds.heap()),
          -1,
          "");
    }
  }

  /** A handler begins. A worker that has closed must not start handlers. */
  void started(Member member, Event event) {
    if (member.closed != null) {
      complaint.say(
          Invariant.CLEAN_CLOSE,
          "%s starts p%d@%d after its close"
              .formatted(member.name, event.partition(), event.offset()),
          event.partition(),
          event.key());
    }
  }

  /** Follows the life of a worker's process. */
  void process(Member member, Event event) {
    switch (event.kind()) {
      case TERMINATED -> member.terminatedAt = event.nanos();
      case STOPPED -> member.stopped = true;
      case CONTINUED -> {
        member.stopped = false;
        member.troubledAt = event.nanos();
        member.open().forEach(one -> one.moved = event.nanos());
      }
      case KILLED -> {
        member.killed = true;
        dies(member);
      }
      case CLOSED -> {
        member.closed = event.detail();
        if (!event.detail().isEmpty()) {
          complaint.say(
              Invariant.CLEAN_CLOSE,
              "%s has closed, but there are still: %s".formatted(member.name, event.detail()),
              -1,
              "");
        }
      }
      case EXITED -> exited(member, event);
      default -> {}
    }
  }

  private void exited(Member member, Event event) {
    if (!member.killed && member.terminatedAt == 0) {
      complaint.say(
          Invariant.CLEAN_CLOSE,
          "%s has ended with status %d, without being asked to: %s"
              .formatted(member.name, event.offset(), event.detail()),
          -1,
          "");
    } else if (!member.killed && event.nanos() - member.terminatedAt > closeWithin(member)) {
      tooLate(member, event.nanos());
    } else if (!member.killed && member.closed == null && !neverBegan(member, event)) {
      complaint.say(
          Invariant.CLEAN_CLOSE,
          "%s has ended with status %d before its loop had".formatted(member.name, event.offset()),
          -1,
          "");
    }
    dies(member);
  }

  /**
   * A signal during the start of the process ends it like any other process. In its first moments a
   * JVM may also end by an error of its own.
   */
  private static boolean neverBegan(Member member, Event event) {
    return member.ownerships.isEmpty() && (event.offset() == SIGTERM_STATUS || member.beatAt == 0);
  }

  private static void dies(Member member) {
    member.dead = true;
    member.running.clear();
    member.open().forEach(one -> one.released = true);
  }

  private long closeWithin(Member member) {
    return bounds.close().toNanos() + Math.max(0, member.troubledAt - member.terminatedAt);
  }

  private void tooLate(Member member, long now) {
    complaint.say(
        Invariant.CLEAN_CLOSE,
        "%s has not ended %d ms after SIGTERM"
            .formatted(member.name, (now - member.terminatedAt) / 1_000_000),
        -1,
        "");
  }

  /** Looks for partitions without progress. */
  void look(long now, Collection<Member> members, Map<Integer, PartitionBook> books) {
    for (Member member : members) {
      if (member.dead || member.stopped) {
        continue;
      }
      if (member.terminatedAt > 0) {
        if (now - member.terminatedAt > closeWithin(member) && !member.late) {
          member.late = true;
          tooLate(member, now);
        }
        continue;
      }
      for (Ownership ownership : member.open()) {
        if (ownership.isAssumed()) {
          continue; // the worker may have lost it since
        }
        PartitionBook book = books.get(ownership.partition);
        if (book != null && !book.unfinished.isEmpty()) {
          stall(member, ownership, book, now);
        } else {
          ownership.moved = now;
        }
      }
    }
  }

  private void stall(Member member, Ownership ownership, PartitionBook book, long now) {
    long since = Math.max(ownership.moved, faults.feltUntil(now));
    since = Math.max(since, member.faults.feltUntil(now));
    since = Math.max(since, member.troubledAt);
    long stall = now - since;
    if (stall > bounds.stall().toNanos()
        && book.firstUnfinishedBefore(Long.MAX_VALUE, log) == null) {
      ownership.moved = now; // the other records have been compacted away
      return;
    }
    longestStall = Math.max(longestStall, stall);
    if (stall > bounds.stall().toNanos()) {
      complaint.say(
          Invariant.PROGRESS,
          "p%d stands still at %s for %d ms, from offset %d on"
              .formatted(
                  ownership.partition, member.name, stall / 1_000_000, book.unfinished.firstKey()),
          ownership.partition,
          "");
      ownership.moved = now; // reported once in a while
    }
  }

  /** Whether a worker may have lost partitions without knowing it. */
  boolean isTroubled(Member member, long now) {
    return member.stopped
        || (member.troubledAt > 0 && now - member.troubledAt < bounds.settling().toNanos())
        || (member.beatAt > 0 && now - member.beatAt > Member.STARVED)
        || faults.isFelt(now)
        || member.faults.isFelt(now);
  }
}
