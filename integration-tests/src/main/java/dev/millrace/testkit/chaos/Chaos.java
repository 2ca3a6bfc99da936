package dev.millrace.testkit.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;

/**
 * Runs rounds, one after the other, against the same brokers. Appends a row for each round to a
 * table.
 */
final class Chaos implements AutoCloseable {

  /** The number of disturbances of a round. */
  static final int DISTURBANCES = 25;

  /** In place of a face: storms, on the faces that the seeds draw. */
  static final String STORMS = "storms";

  /** The number of broken invariants that are printed: the others follow from the first ones. */
  private static final int SHOWN = 3;

  private final Path directory;
  private final Path table;
  private Brokers brokers;

  private Chaos(Path directory, Brokers brokers) {
    this.directory = directory;
    this.table = directory.resolve("rounds.md");
    this.brokers = brokers;
  }

  /** Starts the brokers; logs and the table {@code rounds.md} go to the directory. */
  static Chaos open(Path directory, int brokers) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    return new Chaos(directory.toAbsolutePath(), Brokers.start(brokers));
  }

  /**
   * A round without defects.
   *
   * @param face the face; empty for the one that the seed draws; {@link #STORMS} for a storm
   * @param knobs the knobs of a loop, joined by a plus; empty for the ones that the seed draws
   */
  RoundResult round(long seed, int disturbances, String face, String knobs) throws Exception {
    if (face.equals(STORMS)) {
      Plan storm = Plans.storm(seed, disturbances);
      return round(storm, Plans.face(storm), Defect.NONE);
    }
    Plan drawn = Plans.of(seed, disturbances);
    String chosen = face.isEmpty() ? Plans.face(drawn) : face;
    boolean isDrawn = face.isEmpty() && knobs.isEmpty();
    Plan plan = isDrawn ? drawn : Plans.on(seed, disturbances, chosen, knobs);
    return round(plan, chosen, Defect.NONE);
  }

  /** A round. */
  RoundResult round(Plan plan, String face, Defect defect) throws Exception {
    System.out.printf("chaos with seed %d: %s%n", plan.seed(), plan.describe());
    Path files = directory.resolve("seed-" + plan.seed() + "-" + System.currentTimeMillis());
    RoundResult result = LoopRound.run(plan, brokers, files, face, defect);
    append(result);
    for (Violation violation : result.violations().stream().limit(SHOWN).toList()) {
      System.out.printf("seed %d: %s%n", plan.seed(), violation);
    }
    if (result.isOk()) {
      delete(files);
    }
    return result;
  }

  private void append(RoundResult result) throws IOException {
    if (!Files.exists(table)) {
      Files.writeString(table, RoundResult.HEADER);
    }
    Files.writeString(table, result.row(), StandardOpenOption.APPEND);
    System.out.print(result.row());
  }

  private static void delete(Path files) throws IOException {
    try (var all = Files.list(files)) {
      for (Path one : (Iterable<Path>) all::iterator) {
        Files.deleteIfExists(one);
      }
    }
    Files.deleteIfExists(files);
  }

  /**
   * Starts other brokers for the next rounds, if the number is not right or the current ones no
   * longer work.
   */
  private void use(int size, boolean sane) throws IOException, InterruptedException {
    if (brokers.size() != size || !sane) {
      brokers.close();
      brokers = Brokers.start(size);
    }
  }

  @Override
  public void close() throws IOException {
    brokers.close();
  }

  /** The number of brokers of a round. */
  static int brokers(long seed) {
    return seed % 5 == 4 ? 3 : 1;
  }

  /**
   * Runs rounds until the time is over, at least one; every fifth round has three brokers. Prints
   * the seeds. The exit status is 1 if an invariant was broken.
   *
   * @param args minutes, the first seed, the directory, disturbances per round, the face of all
   *     rounds, and their knobs
   */
  public static void main(String[] args) throws Exception {
    long minutes = Long.parseLong(args[0]);
    long seed = Long.parseLong(args[1]);
    int disturbances = args.length > 3 ? Integer.parseInt(args[3]) : DISTURBANCES;
    String face = args.length > 4 ? args[4] : "";
    String knobs = args.length > 5 ? args[5] : "";
    var time = Duration.ofMinutes(minutes);
    System.exit(run(time, seed, Path.of(args[2]), disturbances, face, knobs) ? 0 : 1);
  }

  static boolean run(
      Duration time, long firstSeed, Path directory, int disturbances, String face, String knobs)
      throws Exception {
    boolean sane = true;
    int rounds = 0;
    int broken = 0;
    int all = 0;
    try (Chaos chaos = open(directory, 1)) {
      long seed = firstSeed;
      long end = System.nanoTime() + time.toNanos(); // brokers may take long to start
      do {
        chaos.use(brokers(seed), sane);
        RoundResult result = chaos.round(seed, disturbances, face, knobs);
        sane = result.problem().isEmpty();
        rounds++;
        all += result.disturbances();
        broken += result.isOk() ? 0 : 1;
        seed++;
      } while (System.nanoTime() - end < 0);
    }
    System.out.printf(
        Locale.ROOT, "%d rounds, %d disturbances, %d rounds broken%n", rounds, all, broken);
    return broken == 0;
  }
}
