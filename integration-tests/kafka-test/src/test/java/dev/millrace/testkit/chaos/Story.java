package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.Plan.Contents;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Tells an oracle the actions of two workers: {@code a} with partition 0, and {@code b} with
 * partition 1. A step names the worker, the event, and its place:
 *
 * <pre>
 * a START 0@7 k       also END, FAILED, LETTER, RETRIED, RETRY_LETTER, COMMIT; DOES is START and END
 * a START 0@7 k one   in the batch with this name
 * a ASSIGNED 0 2      the partition and the epoch; RELEASED also has the number of begun handlers
 * a BEAT 5000 10      the time since the last poll in ms, and the bytes of heap
 * a STOPPED           also other events of a process; EXITED 1; CLOSED and the threads left
 * a COMMIT_FAILED 100 the time in ms since the last answer to a commit
 * conductor FAULT     or REPAIRED; DELETED 0@5
 * produced 0 3        three records in partition 0, with the keys k0, k1, …
 * marked 0@7          a record that is to be skipped
 * broker 0@5          the broker's answer: the committed offset; without a place: no commits
 * letter 0@5          the record is found among the dead letters
 * pass 9              nine seconds in which both workers log their state; idle 9: without logs
 * end                 the end of the round
 * fine                no invariant is broken so far
 * </pre>
 */
final class Story {

  static final int ATTEMPTS = 3;

  private static final long SECOND = 1_000_000_000;

  final Oracle oracle;
  private long now = 1000 * SECOND;

  Story(Ordering ordering) {
    this(Guarantee.AT_LEAST_ONCE, ordering, LogLookup.KEEPS_ALL);
  }

  private Story(Oracle oracle) {
    this.oracle = oracle;
  }

  /** Of workers that may leave out reports, with the invariants to check. */
  static Story silent(Ordering ordering, Set<Invariant> checked) {
    Bounds bounds = bounds(Guarantee.AT_LEAST_ONCE, ordering, true, false, checked);
    var ledger = new Ledger(Contents.PLAIN, 0, Ordering.PARTITION);
    var oracle = new Oracle(bounds, LogLookup.KEEPS_ALL, ledger);
    return new Story(oracle).tell("a LAUNCHED; b LAUNCHED; a BEAT 0 0; b BEAT 0 0");
  }

  Story(Guarantee guarantee, Ordering ordering, LogLookup log) {
    var bounds = bounds(guarantee, ordering, false, false, EnumSet.allOf(Invariant.class));
    oracle = new Oracle(bounds, log, new Ledger(Contents.PLAIN, 0, Ordering.PARTITION));
    tell("a LAUNCHED; b LAUNCHED; a BEAT 0 0; b BEAT 0 0; a ASSIGNED 0 1; b ASSIGNED 1 1");
  }

  /** Of workers whose handlers get up to two records at once. */
  static Story withBatches(Ordering ordering) {
    Set<Invariant> all = EnumSet.allOf(Invariant.class);
    Bounds bounds = bounds(Guarantee.AT_LEAST_ONCE, ordering, false, false, false, 2, all);
    var ledger = new Ledger(Contents.PLAIN, 0, Ordering.PARTITION);
    return new Story(new Oracle(bounds, LogLookup.KEEPS_ALL, ledger))
        .tell("a BEAT 0 0; b BEAT 0 0; a ASSIGNED 0 1; a ASSIGNED 1 2; b ASSIGNED 2 1");
  }

  /** Of workers with a retry topic. */
  static Story withRetries(Ordering ordering) {
    Set<Invariant> all = EnumSet.allOf(Invariant.class);
    Bounds bounds = bounds(Guarantee.AT_LEAST_ONCE, ordering, false, true, all);
    var ledger = new Ledger(Contents.PLAIN, 0, Ordering.PARTITION);
    return new Story(new Oracle(bounds, LogLookup.KEEPS_ALL, ledger))
        .tell("a BEAT 0 0; b BEAT 0 0; a ASSIGNED 0 1; b ASSIGNED 1 1");
  }

  /** Of workers whose loop sends dead letters in the background. */
  static Story withLettersInBackground(Ordering ordering) {
    Set<Invariant> all = EnumSet.allOf(Invariant.class);
    Bounds bounds = bounds(Guarantee.AT_LEAST_ONCE, ordering, false, false, true, 1, all);
    var ledger = new Ledger(Contents.PLAIN, 0, Ordering.PARTITION);
    return new Story(new Oracle(bounds, LogLookup.KEEPS_ALL, ledger))
        .tell("a BEAT 0 0; b BEAT 0 0; a ASSIGNED 0 1; b ASSIGNED 1 1");
  }

  private static Bounds bounds(
      Guarantee guarantee,
      Ordering ordering,
      boolean silent,
      boolean retries,
      Set<Invariant> checked) {
    return bounds(guarantee, ordering, silent, retries, false, 1, checked);
  }

  private static Bounds bounds(
      Guarantee guarantee,
      Ordering ordering,
      boolean silent,
      boolean retries,
      boolean lettersInBackground,
      int batch,
      Set<Invariant> checked) {
    return new Bounds(
        guarantee,
        ordering,
        Ordering.PARTITION,
        ATTEMPTS,
        silent,
        3,
        batch,
        1000,
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(8),
        Duration.ofSeconds(6),
        2,
        10,
        retries,
        lettersInBackground,
        checked);
  }

  /** Tells steps that are separated by semicolons. */
  Story tell(String steps) {
    for (String step : steps.split(";", -1)) {
      step(step.strip().split(" ", -1));
    }
    return this;
  }

  /** The numbers of the invariants that are broken. */
  List<Integer> broken() {
    return oracle.violations().stream().map(one -> one.invariant().number).distinct().toList();
  }

  private void step(String... words) {
    switch (words[0]) {
      case "produced" -> {
        for (int i = 0; i < number(words, 2); i++) {
          oracle.produced(number(words, 1), i, "k" + i);
        }
      }
      case "marked" -> oracle.marked(partition(words[1]), offset(words[1]));
      case "broker" ->
          oracle.asked(
              words.length == 1 ? Map.of() : Map.of(partition(words[1]), (long) offset(words[1])));
      case "letter" -> oracle.letter(partition(words[1]), offset(words[1]));
      case "pass" -> pass(number(words, 1));
      case "idle" -> now += number(words, 1) * SECOND;
      case "end" -> oracle.end();
      case "fine" -> assertThat(broken()).isEmpty();
      default -> happens(words);
    }
  }

  private void pass(int seconds) {
    for (int i = 0; i < seconds; i++) {
      now += SECOND;
      tell("a BEAT 0 0; b BEAT 0 0");
      oracle.look(now);
    }
  }

  private void happens(String... words) {
    String who = words[0];
    if (words[1].equals("DOES")) {
      String where = words[2] + " " + words[3];
      tell("%s START %s; %s END %s".formatted(who, where, who, where));
      return;
    }
    Kind kind = Kind.valueOf(words[1].toUpperCase(Locale.ROOT));
    switch (kind) {
      case ASSIGNED -> event(who, kind, number(words, 2), -1, number(words, 3), "", "");
      case RELEASED ->
          event(who, kind, number(words, 2), number(words, 4), number(words, 3), "", "");
      case BEAT -> event(who, kind, -1, number(words, 2), number(words, 3), "", "");
      case COMMIT_FAILED -> event(who, kind, -1, number(words, 2), -1, "", "");
      case CLOSED -> event(who, kind, -1, 0, -1, "", words.length > 2 ? words[2] : "");
      case EXITED -> event(who, kind, -1, number(words, 2), -1, "", "");
      default -> {
        String where = words.length > 2 ? words[2] : "-1@-1";
        String key = words.length > 3 ? words[3] : "";
        String batch = words.length > 4 ? words[4] : "";
        event(who, kind, partition(where), offset(where), -1, key, batch);
      }
    }
  }

  private void event(
      String who, Kind kind, int partition, long offset, long epoch, String key, String detail) {
    now += 1_000_000;
    oracle.event(new Event(who, now, 0, kind, partition, offset, epoch, key, detail));
  }

  private static int number(String[] words, int index) {
    return Integer.parseInt(words[index]);
  }

  private static int partition(String where) {
    return Integer.parseInt(where.split("@", -1)[0]);
  }

  private static int offset(String where) {
    return Integer.parseInt(where.split("@", -1)[1]);
  }
}
