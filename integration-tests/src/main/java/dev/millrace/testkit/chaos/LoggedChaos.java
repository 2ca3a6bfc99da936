package dev.millrace.testkit.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;

/**
 * Runs rounds of share groups, or of loops without a group, one after the other, and writes a table
 * of their results.
 */
final class LoggedChaos implements AutoCloseable {

  private static final int SHOWN = 5;

  private final Path directory;
  private final Brokers brokers;

  private LoggedChaos(Path directory, Brokers brokers) {
    this.directory = directory;
    this.brokers = brokers;
  }

  /** Starts a broker; logs and the table {@code logged-rounds.md} go to the directory. */
  static LoggedChaos open(Path directory) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    return new LoggedChaos(directory.toAbsolutePath(), Brokers.start(1));
  }

  /** A round of a share group, without defects. */
  LoggedResult<ShareOracle.Promise> share(long seed, int disturbances) throws Exception {
    return share(SharePlan.of(seed, disturbances), Defect.NONE, true);
  }

  /** A round of a share group. */
  LoggedResult<ShareOracle.Promise> share(SharePlan plan, Defect defect, boolean renews)
      throws Exception {
    Path files = begin("share", plan.seed(), plan.describe());
    return told(ShareRound.run(plan, brokers, files, defect, renews));
  }

  /** A round of loops without a group. */
  LoggedResult<ReaderOracle.Promise> readers(long seed, int disturbances, Defect defect)
      throws Exception {
    Plan plan = ReaderRound.plan(seed, disturbances);
    Path files = begin("readers", seed, ReaderRound.describe(plan));
    return told(ReaderRound.run(plan, brokers, files, defect));
  }

  private Path begin(String what, long seed, String plan) {
    System.out.printf("%s with seed %d: %s%n", what, seed, plan);
    return directory.resolve(what + "-" + seed + "-" + System.currentTimeMillis());
  }

  private <P extends Enum<P> & LoggedResult.Promise> LoggedResult<P> told(LoggedResult<P> result)
      throws IOException {
    Path table = directory.resolve("logged-rounds.md");
    if (!Files.exists(table)) {
      Files.writeString(table, LoggedResult.HEADER);
    }
    Files.writeString(table, result.row(), StandardOpenOption.APPEND);
    System.out.print(result.row());
    result.broken().stream().limit(SHOWN).forEach(one -> System.out.println(one));
    return result;
  }

  @Override
  public void close() throws IOException {
    brokers.close();
  }

  /**
   * Runs rounds until the time is over, at least one. The exit status is 1 if a promise was broken.
   *
   * @param args minutes, the first seed, the directory, disturbances per round, and {@code share}
   *     or {@code readers}
   */
  public static void main(String[] args) throws Exception {
    int rounds = 0;
    int all = 0;
    int broken = 0;
    try (var chaos = open(Path.of(args[2]))) {
      long seed = Long.parseLong(args[1]);
      long end = System.nanoTime() + Duration.ofMinutes(Long.parseLong(args[0])).toNanos();
      do {
        int disturbances = Integer.parseInt(args[3]);
        LoggedResult<?> result =
            args[4].equals("readers")
                ? chaos.readers(seed, disturbances, Defect.NONE)
                : chaos.share(seed, disturbances);
        rounds++;
        all += result.disturbances();
        broken += result.broken().isEmpty() ? 0 : 1;
        seed++;
      } while (System.nanoTime() - end < 0);
    }
    System.out.printf(
        Locale.ROOT, "%d rounds, %d disturbances, %d rounds broken%n", rounds, all, broken);
    System.exit(broken == 0 ? 0 : 1);
  }
}
