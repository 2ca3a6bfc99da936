package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Plan.Contents;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * Checks the outputs that readers of committed records see at the end of a round. Each record must
 * have its expected outputs or one dead letter, once, and in the order of the records. Pure logic;
 * not thread-safe.
 */
/*
 * A record that was deleted unread cannot have outputs. Sometimes no log says whether it was read: a killed worker may have handled it. So a record that retention removed is excused, unless its commit had reached the broker before. A record that compaction removed is excused, too. An excused record has all its outputs, or none.
 */
final class Ledger {

  private static final class Account {
    final List<Derived> outputs = new ArrayList<>();
    int letters;
  }

  private record Deleted(long from, long to) {}

  private final Contents contents;
  private final boolean mayFail;
  private final Ordering order;
  private final NavigableMap<Integer, NavigableMap<Long, String>> inputs = new TreeMap<>();
  private final NavigableMap<Integer, NavigableMap<Long, Account>> accounts = new TreeMap<>();
  private final Map<Integer, Set<Long>> left = new HashMap<>();
  private final Map<Integer, List<Deleted>> deleted = new HashMap<>();

  /** The last output of each lane, by partition of outputs. */
  private final Map<String, Derived> last = new HashMap<>();

  private final List<Derived[]> swapped = new ArrayList<>();

  /**
   * An empty ledger.
   *
   * @param contents the kind of the input topic
   * @param failures the rate at which handlers fail on good records
   * @param order the order of the outputs: a loop produces in the order of a partition whatever the
   *     order of its handlers, a pipeline in the order of its stages
   */
  Ledger(Contents contents, double failures, Ordering order) {
    this.contents = contents;
    this.order = order;
    this.mayFail = failures > 0;
  }

  /** A record is or was in the topic. */
  void input(int partition, long offset, String value) {
    inputs.computeIfAbsent(partition, p -> new TreeMap<>()).put(offset, value);
  }

  /** A record is in the topic at the end. */
  void inputLeft(int partition, long offset, String value) {
    input(partition, offset, value);
    left.computeIfAbsent(partition, p -> new HashSet<>()).add(offset);
  }

  /** Records may have been deleted before they were committed. */
  void deleted(int partition, long from, long to) {
    deleted.computeIfAbsent(partition, p -> new ArrayList<>()).add(new Deleted(from, to));
  }

  /** A committed output. Called in the order of its partition. */
  void output(int partition, String key, Derived output) {
    account(output.partition(), output.offset()).outputs.add(output);
    String lane = lane(key, output);
    Derived before = lane.isEmpty() ? null : last.put(partition + "/" + lane, output);
    if (before != null && before.offset() > output.offset()) {
      swapped.add(new Derived[] {before, output});
    }
  }

  /** The outputs with the same lane are in order; empty if the order is free. */
  private String lane(String key, Derived output) {
    return switch (order) {
      case PARTITION -> "p" + output.partition();
      case KEY -> "p" + output.partition() + "/" + key;
      case UNORDERED -> "";
    };
  }

  /** A committed dead letter of a record. */
  void letter(int partition, long offset) {
    account(partition, offset).letters++;
  }

  private Account account(int partition, long offset) {
    return accounts
        .computeIfAbsent(partition, p -> new TreeMap<>())
        .computeIfAbsent(offset, o -> new Account());
  }

  /** Reports each violation. Called when all events are known. */
  void check(Watch.Complaint complaint) {
    inputs.forEach(
        (partition, values) ->
            values.forEach(
                (offset, value) -> {
                  String wrong = wrong(partition, offset, value);
                  if (!wrong.isEmpty()) {
                    complaint.say(
                        Invariant.EXACTLY_ONCE,
                        "p%d@%d (%s) %s".formatted(partition, offset, value, wrong),
                        partition,
                        "");
                  }
                }));
    accounts.forEach((partition, all) -> checkUnknown(partition, all, complaint));
    for (Derived[] pair : swapped) {
      complaint.say(
          Invariant.EXACTLY_ONCE,
          "output %s comes before %s".formatted(pair[0], pair[1]),
          pair[1].partition(),
          "");
    }
  }

  /** The violation in the outputs of a record; empty without a violation. */
  private String wrong(int partition, long offset, String value) {
    Account account = account(partition, offset);
    boolean isBad = value.startsWith(Traffic.POISON) || value.startsWith(Traffic.GARBAGE);
    List<Derived> expected = isBad ? List.of() : Derived.of(partition, offset, value);
    if (account.letters > 1) {
      return "is %d dead letters".formatted(account.letters);
    }
    if (account.letters == 1) {
      return !account.outputs.isEmpty()
          ? "is a dead letter, and there is output " + account.outputs
          : !isBad && !mayFail ? "is a dead letter, but there is nothing wrong with it" : "";
    }
    boolean isMissing = account.outputs.isEmpty() && (isBad || !expected.isEmpty());
    if (isMissing) {
      return isExcused(partition, offset)
          ? ""
          : isBad ? "is no dead letter" : "has no output, but should have " + expected;
    }
    return account.outputs.equals(expected)
        ? ""
        : "has output %s, but should have %s".formatted(account.outputs, expected);
  }

  private boolean isExcused(int partition, long offset) {
    return deleted.getOrDefault(partition, List.of()).stream()
            .anyMatch(one -> one.from() <= offset && offset < one.to())
        || (contents == Contents.COMPACTED
            && !left.getOrDefault(partition, Set.of()).contains(offset));
  }

  /** Reports outputs of unknown records: aborted or deleted ones. */
  private void checkUnknown(
      int partition, NavigableMap<Long, Account> all, Watch.Complaint complaint) {
    Map<Long, String> known = inputs.getOrDefault(partition, new TreeMap<>());
    all.forEach(
        (offset, account) -> {
          if (known.containsKey(offset)) {
            return;
          }
          boolean twice =
              account.letters > 1
                  || account.outputs.stream().distinct().count() < account.outputs.size();
          if (twice || !mayBeGone(partition, offset)) {
            complaint.say(
                Invariant.EXACTLY_ONCE,
                "p%d@%d is no committed record, but there is %s and %d dead letters"
                    .formatted(partition, offset, account.outputs, account.letters),
                partition,
                "");
          }
        });
  }

  private boolean mayBeGone(int partition, long offset) {
    return contents == Contents.COMPACTED
        || deleted.getOrDefault(partition, List.of()).stream().anyMatch(one -> offset < one.to());
  }
}
