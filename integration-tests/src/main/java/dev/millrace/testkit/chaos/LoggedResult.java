package dev.millrace.testkit.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The result of a {@link LoggedRound}.
 *
 * @param plan the settings of the workers, for people
 * @param records the number of records that were handled, or are dead letters
 * @param again the number of times that a handled record was handled again
 * @param dropped the number of records that the broker has dropped
 * @param promises the number of promises that were checked
 */
record LoggedResult<P extends Enum<P> & LoggedResult.Promise>(
    long seed,
    String plan,
    Map<Disturbance, Integer> done,
    long records,
    long again,
    long dropped,
    Duration took,
    int promises,
    List<Broken<P>> broken) {

  /** One of the promises that an oracle checks. */
  interface Promise {
    /** The number of the promise in the pages. */
    int number();
  }

  /** A broken promise. */
  record Broken<P extends Promise>(P promise, String what) {}

  static final String HEADER =
      """
      | seed | round | disturbances | by kind | records | again | dropped | took | promises |
      |---|---|---|---|---|---|---|---|---|
      """;

  int disturbances() {
    return done.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** A row of a table. */
  String row() {
    String kinds =
        done.entrySet().stream()
            .map(one -> one.getValue() + " " + one.getKey().name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(", "))
            .replace('_', ' ');
    String verdict =
        broken.isEmpty()
            ? "%d of %d".formatted(promises, promises)
            : "broken: "
                + broken.stream()
                    .map(one -> Integer.toString(one.promise().number()))
                    .distinct()
                    .collect(Collectors.joining(", "));
    return "| %d | %s | %d | %s | %,d | %,d | %d | %d s | %s |%n"
        .formatted(
            seed, plan, disturbances(), kinds, records, again, dropped, took.toSeconds(), verdict);
  }
}
