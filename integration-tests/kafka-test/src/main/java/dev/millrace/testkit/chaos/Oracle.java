package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.Member.Running;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Checks the invariants of a group of workers, and reports violations; pure logic over events.
 *
 * <p>Its inputs are the produced records, the logs of the workers and of the conductor, each in its
 * order, and the broker's answers about the group's offsets. Not thread-safe.
 */
/*
 * Why this can be exact. A worker writes "end" before it settles a record, and settles it before it commits. The broker is asked before the logs are read. So each record before the broker's committed offset is in the logs as ended, or the loop is wrong. A worker's claims of commits are checked one reading later, because the end may be in the log of another worker that was read earlier. "released" gives the number of handlers that had begun: at most that number may still write their "start" afterwards.
 *
 * Faults of the machine are no defect of the loop: a worker that was stopped, cut off, or starved may have lost its partitions without knowing. Rules for which that matters check whether there was a recent fault.
 */
final class Oracle {

  private static final Duration LATE_ANSWER = Duration.ofSeconds(5);

  /** The longest time for which one failed commit counts: no worker waits longer for an answer. */
  private static final long LONGEST_COMMIT = Duration.ofSeconds(5).toNanos();

  private final Bounds bounds;
  private final LogLookup log;
  private final Timeline timeline = new Timeline();

  /** Faults of the resources that all workers share. */
  private final Faults faults;

  /** These faults, and the faults of each worker. */
  private final Faults everything;

  /** The times in which commits failed, as the workers report them. */
  private final Faults failedCommits = new Faults(Duration.ZERO);

  private final Map<Integer, PartitionBook> books = new TreeMap<>();
  private final Map<String, Member> members = new LinkedHashMap<>();
  private final List<Violation> violations = new ArrayList<>();
  private final Watch watch;
  private final LaneOrder order;
  private final Ledger ledger;
  private int turned;

  /**
   * An oracle before the first event.
   *
   * @param ledger for exactly-once outputs, if the round promises them
   */
  Oracle(Bounds bounds, LogLookup log, Ledger ledger) {
    this.bounds = bounds;
    this.log = log;
    this.ledger = ledger;
    this.faults = new Faults(bounds.settling());
    this.everything = new Faults(bounds.settling());
    this.watch = new Watch(bounds, faults, log, this::violated);
    this.order = new LaneOrder(bounds, watch, this::violated, this::book);
  }

  /** A record was produced. */
  void produced(int partition, long offset, String key) {
    book(partition).produced(offset, key);
  }

  /** A record was produced that the workers are to skip. Such a record counts as nothing else. */
  void marked(int partition, long offset) {
    PartitionBook book = book(partition);
    if (book.marked.add(offset) && book.reached.contains(offset)) {
      reachedThoughMarked("a worker", partition, offset);
    }
  }

  private void reachedThoughMarked(String who, int partition, long offset) {
    violated(
        Invariant.SKIPPED,
        "p%d@%d is to be skipped, but has reached a handler or the dead letters of %s"
            .formatted(partition, offset, who),
        partition,
        "");
  }

  /** Remembers that a handler, a retry topic or the dead letters have the record. */
  private void reached(Member member, Event event) {
    PartitionBook book = book(event.partition());
    if (book.reached.add(event.offset()) && book.marked.contains(event.offset())) {
      reachedThoughMarked(member.name, event.partition(), event.offset());
    }
  }

  /** An event of a log. The events of each log must come in their order. */
  void event(Event event) {
    timeline.add(event);
    if (event.kind() == Kind.FAULT || event.kind() == Kind.REPAIRED) {
      everything.event(event);
      (event.who().equals(Event.CONDUCTOR) ? faults : member(event.who()).faults).event(event);
      return;
    }
    if (event.kind() == Kind.DELETED) {
      PartitionBook book = book(event.partition());
      book.deletedTo(event.offset());
      ledger.deleted(book.number, book.committed, event.offset());
      return;
    }
    if (event.kind() == Kind.EXPIRED) {
      books.values().forEach(PartitionBook::beginAgain);
      return;
    }
    Member member = member(event.who());
    if (bounds.silent() && !member.tells) {
      assume(member, event);
    }
    switch (event.kind()) {
      case START, END, LETTER, RETRIED, RETRY_LETTER -> reached(member, event);
      default -> {}
    }
    switch (event.kind()) {
      case START -> started(member, event);
      case END, LETTER -> finished(member, event);
      case RETRIED -> book(event.partition()).retried.add(event.offset());
      case RETRY_LETTER -> book(event.partition()).letters.add(event.offset());
      case FAILED, LETTER_FAILED -> failed(member, event);
      case ASSIGNED -> assigned(member, event);
      case RELEASED -> released(member, event);
      case COMMIT, AUTO_COMMIT -> committed(member, event);
      case COMMIT_FAILED -> commitFailed(event);
      case BEAT -> watch.beat(member, event);
      case TURNED -> turned++;
      default -> watch.process(member, event);
    }
  }

  /**
   * The committed offsets in an answer of the broker. All logs have been read since that answer.
   */
  void asked(Map<Integer, Long> committed) {
    committed.forEach(
        (partition, offset) -> {
          PartitionBook book = book(partition);
          if (offset < book.committed) {
            violated(
                Invariant.NEVER_BACK,
                "the commit of p%d went from %d to %d".formatted(partition, book.committed, offset),
                partition,
                "");
          }
          book.committed = Math.max(book.committed, offset);
          mustBeDone(book, "the broker", offset);
        });
    for (PartitionBook book : books.values()) {
      book.claimsToCheck().forEach(claim -> mustBeDone(book, claim.who(), claim.offset()));
    }
  }

  /** Looks for partitions without progress. */
  void look(long now) {
    watch.look(now, members.values(), books);
  }

  /** A record is in the dead-letter topic; called at the end, for each of its records. */
  void letter(int partition, long offset) {
    book(partition).letters.remove(offset);
    ledger.letter(partition, offset);
  }

  /** The end of a round: all produced records must be processed and committed. */
  void end() {
    for (PartitionBook book : books.values()) {
      book.letters.removeAll(book.retried);
      if (!book.letters.isEmpty()) {
        violated(
            Invariant.ALL_PROCESSED,
            "p%d@%d was settled as a dead letter or for a retry, but nothing became of it"
                .formatted(book.number, book.letters.first()),
            book.number,
            "");
      }
      Long first = book.firstUnfinishedBefore(Long.MAX_VALUE, log);
      if (first != null) {
        violated(
            Invariant.ALL_PROCESSED,
            "%d records of p%d were never processed, the first is p%d@%d with key %s"
                .formatted(
                    book.unfinished.size(),
                    book.number,
                    book.number,
                    first,
                    book.unfinished.get(first)),
            book.number,
            "");
      }
    }
    if (isExact()) {
      ledger.check(this::violated);
    }
  }

  /** Whether workers produce exactly once. Then a dead letter is logged when it is sent. */
  private boolean isExact() {
    return bounds.guarantee() == Guarantee.EXACTLY_ONCE;
  }

  /**
   * Begins an ownership for a worker that reports none: at its first record of the partition, and
   * when a processed record is redelivered. The worker has lost the partition meanwhile.
   */
  private void assume(Member member, Event event) {
    boolean isStart = event.kind() == Kind.START;
    if (!isStart && (event.kind() != Kind.END || member.runs(event))) {
      return;
    }
    Ownership in = member.newest(event.partition());
    Long last = in == null ? null : in.last.get(order.lane(event));
    boolean again = last != null && event.offset() <= last;
    if (in == null || (again && book(event.partition()).isFinished(event.offset()))) {
      member.begins(Ownership.assumed(event.partition(), event.nanos()));
    }
  }

  private void started(Member member, Event event) {
    watch.started(member, event);
    Ownership in = member.newest(event.partition());
    if (in == null || (in.released && in.lateStarts-- <= 0)) {
      violated(
          Invariant.REVOKED_IS_OVER,
          "%s starts p%d@%d, which it has not got"
              .formatted(member.name, event.partition(), event.offset()),
          event.partition(),
          event.key());
      return;
    }
    in.moved = event.nanos();
    if (event.offset() < in.floor) {
      violated(
          Invariant.NEVER_BACK,
          "%s starts p%d@%d, though %d was committed before it got the partition"
              .formatted(member.name, event.partition(), event.offset(), in.floor),
          event.partition(),
          event.key());
    }
    order.started(members.values(), member, event, in);
    member.running.put(
        Member.id(event.partition(), event.offset()), Running.of(event, order.lane(event), in));
    bounded(member, event);
  }

  private void bounded(Member member, Event event) {
    long handlers = member.handlers();
    if (handlers > bounds.concurrency()) {
      violated(
          Invariant.BOUNDED,
          "%s runs %d handlers at once, but may run %d"
              .formatted(member.name, handlers, bounds.concurrency()),
          event.partition(),
          "");
    }
    long together = member.running.values().stream().filter(one -> one.isWith(event)).count();
    if (together > bounds.batch()) {
      violated(
          Invariant.BOUNDED,
          "%s handles %d records in %s, but may handle %d"
              .formatted(member.name, together, event.detail(), bounds.batch()),
          event.partition(),
          "");
    }
  }

  private void finished(Member member, Event event) {
    Running running = member.running.remove(Member.id(event.partition(), event.offset()));
    Ownership in = running == null ? ownershipOf(member, event) : running.in();
    if (event.kind() == Kind.LETTER && in != null && in.finished.contains(event.offset())) {
      return; // a transaction repeats the letters of an aborted one
    }
    if (running == null && in != null && bounds.silent() && event.kind() == Kind.END) {
      order.ended(member, event, in); // the worker reports no starts
    }
    PartitionBook book = book(event.partition());
    boolean first = book.finished(event.offset());
    if (event.kind() == Kind.LETTER && !isExact()) {
      book.letters.add(event.offset());
    }
    if (in == null) {
      return;
    }
    in.moved = event.nanos();
    in.finished.add(event.offset());
    if (!first && ++in.repeats == in.allowedRepeats + 1) {
      violated(
          Invariant.FEW_DUPLICATES,
          "%s has processed %d records of p%d again since it got it"
              .formatted(member.name, in.repeats, event.partition()),
          event.partition(),
          "");
    }
  }

  /** A dead letter may be safe only after its partition was released, and assigned again. */
  private static @Nullable Ownership ownershipOf(Member member, Event event) {
    if (event.kind() == Kind.LETTER) {
      for (Ownership one :
          member.ownerships.getOrDefault(event.partition(), List.of()).reversed()) {
        if (one.failures.containsKey(event.offset())) {
          return one;
        }
      }
    }
    return member.newest(event.partition());
  }

  private void failed(Member member, Event event) {
    Running running = member.running.remove(Member.id(event.partition(), event.offset()));
    if (running != null) {
      order.failed(running);
    }
    Ownership in = member.newest(event.partition());
    if (in != null) {
      in.moved = event.nanos();
      in.failures.merge(event.offset(), 1, Integer::sum);
    }
  }

  private void assigned(Member member, Event event) {
    PartitionBook book = book(event.partition());
    // A fault is often the cause of the failed commits, so the times do not add up.
    double seconds =
        Math.max(
            everything.secondsBefore(event.nanos()), failedCommits.secondsBefore(event.nanos()));
    member.tells = true;
    int allowed = bounds.window() + (int) (seconds * bounds.windowPerSecond());
    member.begins(
        new Ownership(event.partition(), event.epoch(), event.nanos(), book.committed, allowed));
  }

  private void released(Member member, Event event) {
    Ownership in = member.find(event.partition(), event.epoch());
    if (in == null) {
      return;
    }
    List<Running> running = member.runningOf(in);
    in.released = true;
    in.releasedAt = event.nanos();
    in.lateStarts = Math.max(0, event.offset() - running.size());
    in.lowestRunning = running.stream().mapToLong(Running::offset).min().orElse(Long.MAX_VALUE);
  }

  private void committed(Member member, Event event) {
    Ownership in = member.newest(event.partition());
    String commit = "%s commits p%d@%d".formatted(member.name, event.partition(), event.offset());
    if (in == null && bounds.silent() && !member.tells) {
      book(event.partition()).claims(member.name, event.offset());
      return;
    }
    if (in == null) {
      violated(Invariant.REVOKED_IS_OVER, commit + ", which it never had", event.partition(), "");
      return;
    }
    if (in.released) {
      boolean late = event.nanos() - in.releasedAt > LATE_ANSWER.toNanos();
      if (late || event.offset() > in.lowestRunning) {
        violated(Invariant.REVOKED_IS_OVER, commit + " after its revoke", event.partition(), "");
      }
    } else if (event.offset() < in.committed && event.kind() == Kind.COMMIT) {
      violated(Invariant.NEVER_BACK, commit + " after " + in.committed, event.partition(), "");
    }
    in.committed = Math.max(in.committed, event.offset());
    book(event.partition()).claims(member.name, event.offset());
  }

  private void commitFailed(Event event) {
    long nanos = Math.min(LONGEST_COMMIT, TimeUnit.MILLISECONDS.toNanos(event.offset()));
    failedCommits.passed(event.nanos() - nanos, event.nanos());
  }

  private void mustBeDone(PartitionBook book, String who, long offset) {
    Long first = book.firstUnfinishedBefore(offset, log);
    if (first != null) {
      violated(
          Invariant.COMMIT_BEHIND_WORK,
          "%s says that p%d is committed up to %d, but p%d@%d has not been processed"
              .formatted(who, book.number, offset, book.number, first),
          book.number,
          "");
    }
  }

  private void violated(Invariant invariant, String what, int partition, String key) {
    if (!bounds.checked().contains(invariant)) {
      return;
    }
    violations.add(new Violation(invariant, what, timeline.of(partition, key)));
  }

  /** Adds a violation that another check has found, with the state of the partitions. */
  void complain(Invariant invariant, String what) {
    var state = new StringBuilder(what);
    for (PartitionBook book : books.values()) {
      state.append(
          "; p%d: committed %d of %d, %d unfinished"
              .formatted(book.number, book.committed, book.end, book.unfinished.size()));
    }
    violated(invariant, state.toString(), -1, "");
  }

  /** The broken invariants, in the order in which they were found. */
  List<Violation> violations() {
    return List.copyOf(violations);
  }

  /** The number of changes of the settings of running loops. */
  int turned() {
    return turned;
  }

  /** The longest time without an excuse that a partition with lag stood still. */
  Duration longestStall() {
    return watch.longestStall();
  }

  Collection<PartitionBook> books() {
    return books.values();
  }

  private PartitionBook book(int partition) {
    return books.computeIfAbsent(partition, PartitionBook::new);
  }

  private Member member(String name) {
    return members.computeIfAbsent(name, n -> new Member(n, bounds.settling()));
  }
}
