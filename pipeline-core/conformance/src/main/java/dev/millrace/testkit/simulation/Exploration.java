package dev.millrace.testkit.simulation;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Many schedules of a scenario, until one fails.
 *
 * @param runs how many schedules were run
 * @param steps how often a thread was chosen, in all runs
 * @param took in real time
 * @param seed the seed of the last run
 * @param failure the failure of a run; null if none failed
 * @param deviations of the last run, from the plainest schedule
 * @param shortened the fewest deviations that were found to fail; the same number with {@link
 *     #search}
 */
public record Exploration(
    long runs,
    long steps,
    Duration took,
    long seed,
    @Nullable Throwable failure,
    int deviations,
    int shortened) {

  /** With {@code -Dsimulation.seed=…}, only this seed is run. */
  public static final String SEED = "simulation.seed";

  private static final Duration SHORTENING = Duration.ofSeconds(10);

  /**
   * Runs schedules until one fails, the time is over, or the number of runs is reached. Then it
   * looks for a shorter schedule that fails, for up to 10 s.
   */
  public static Exploration explore(
      Simulation simulation, long firstSeed, long mostRuns, Duration time) {
    return explore(simulation, firstSeed, mostRuns, time, SHORTENING);
  }

  /** The same, but it looks for no shorter schedule: for defects that are there on purpose. */
  public static Exploration search(
      Simulation simulation, long firstSeed, long mostRuns, Duration time) {
    return explore(simulation, firstSeed, mostRuns, time, Duration.ZERO);
  }

  private static Exploration explore(
      Simulation simulation, long firstSeed, long mostRuns, Duration time, Duration shortening) {
    long start = System.nanoTime();
    long end = start + time.toNanos();
    Long only = Long.getLong(SEED);
    long seed = only == null ? firstSeed : only;
    long last = only == null ? firstSeed + mostRuns - 1 : seed;
    long runs = 1;
    Outcome outcome = simulation.run(seed);
    long steps = outcome.steps();
    while (outcome.failure() == null && seed != last && System.nanoTime() - end < 0) {
      outcome = simulation.run(++seed);
      steps += outcome.steps();
      runs++;
    }
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    Deviations deviations = outcome.deviations();
    Deviations few =
        outcome.failure() == null || shortening.isZero()
            ? deviations
            : Shortening.shorten(simulation, seed, deviations, shortening);
    return new Exploration(
        runs, steps, took, seed, outcome.failure(), deviations.list().size(), few.list().size());
  }

  /** Runs per hour, at the speed of this exploration. */
  public long runsPerHour() {
    return runs * 3_600_000_000_000L / Math.max(1, took.toNanos());
  }

  /** Throws if a run has failed, and says how to repeat it. */
  public void check(String test) {
    if (failure != null) {
      throw new AssertionError(
          "schedule %d of %d has failed (%d deviations from the plainest schedule, %d are enough); repeat it with -D%s=%d -Dtest=%s\n%s"
              .formatted(seed, runs, deviations, shortened, SEED, seed, test, stack()),
          failure);
    }
  }

  private String stack() {
    var text = new StringWriter();
    Objects.requireNonNull(failure).printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
