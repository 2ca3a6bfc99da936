package dev.millrace.testkit.chaos;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The result of a round. Immutable.
 *
 * @param done the number of disturbances by kind
 * @param turned the number of changes of the settings of running loops
 * @param processed the number of records that were processed, or are dead letters
 * @param duplicates the number of times that a record was processed again
 * @param skipped the number of records that the workers were to skip, and that were passed
 * @param excused the number of records that were deleted, or compacted away, before they were
 *     processed
 * @param lostCommits the number of commits that had no answer, or did not arrive
 * @param problem the reason why the round could not be finished; empty if it was
 */
record RoundResult(
    Plan plan,
    int brokers,
    Map<Disturbance, Integer> done,
    int turned,
    long processed,
    long duplicates,
    long skipped,
    long excused,
    int lostCommits,
    Duration longestStall,
    Duration took,
    List<Violation> violations,
    String problem) {

  static final String HEADER =
      """
      | seed | round | brokers | disturbances | by kind | records | again | deleted unread \
      | commits lost | longest stall | took | invariants |
      |---|---|---|---|---|---|---|---|---|---|---|---|
      """;

  static RoundResult of(
      Plan plan,
      int brokers,
      Map<Disturbance, Integer> done,
      Oracle oracle,
      int lostCommits,
      Duration took,
      String problem) {
    return new RoundResult(
        plan,
        brokers,
        new EnumMap<>(done),
        oracle.turned(),
        oracle.books().stream().mapToLong(PartitionBook::finished).sum(),
        oracle.books().stream().mapToLong(book -> book.duplicates).sum(),
        oracle.books().stream().mapToLong(book -> book.marked.size()).sum(),
        oracle.books().stream().mapToLong(book -> book.excused).sum(),
        lostCommits,
        oracle.longestStall(),
        took,
        oracle.violations(),
        problem);
  }

  boolean isOk() {
    return violations.isEmpty() && problem.isEmpty();
  }

  int disturbances() {
    return done.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** A row of a table in Markdown; see {@link #HEADER}. */
  String row() {
    String kinds =
        done.entrySet().stream()
            .map(one -> one.getValue() + " " + name(one.getKey()))
            .collect(Collectors.joining(", "));
    return "| %d | %s | %d | %d | %s | %,d | %,d | %,d | %d | %.1f s | %d s | %s |%n"
        .formatted(
            plan.seed(),
            plan.describe().toLowerCase(Locale.ROOT),
            brokers,
            disturbances(),
            kinds
                + (turned == 0 ? "" : "; %d turns of knobs".formatted(turned))
                + (skipped == 0 ? "" : "; %,d records to skip".formatted(skipped)),
            processed,
            duplicates,
            excused,
            lostCommits,
            longestStall.toMillis() / 1000.0,
            took.toSeconds(),
            verdict());
  }

  private String verdict() {
    if (isOk()) {
      int all = 10 + (plan.guarantee() == Guarantee.EXACTLY_ONCE ? 1 : 0) + (skipped > 0 ? 1 : 0);
      return "%d of %d".formatted(all, all);
    }
    return problem.isEmpty()
        ? "broken: "
            + violations.stream()
                .map(one -> Integer.toString(one.invariant().number))
                .distinct()
                .collect(Collectors.joining(", "))
        : "not finished: " + problem.lines().findFirst().orElseThrow();
  }

  private static String name(Disturbance one) {
    return one.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
