package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.simulation.Exploration;
import dev.millrace.testkit.simulation.Planting;
import dev.millrace.testkit.simulation.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The Kafka loop on a simulated broker, disturbed at random, under random schedules: known seeds,
 * and fresh ones for some seconds. {@code -Dsimulation.minutes=…} says for how long, {@code
 * -Dsimulation.first=…} from which seed on. {@code -Dsimulation.seed=…} repeats one round.
 */
class LoopSimulationTest {

  private static final int SEEDS = 300;

  private static final int SEEDS_ON_REACTOR = 100;

  /** Found defects of the oracle and of the simulated broker. */
  private static final long[] ONCE_RED = {1_000_233, 1_000_248, 2_001_509, 2_002_175};

  /** A question to a broker that was down kept the poll thread beyond the end of its loop. */
  private static final long QUESTION_AT_THE_END = 1_796_020_000_000_005_358L;

  /** A deaf handler ended after its loop; a record was lost in a retry topic. */
  private static final long[] RED_STORMS = {
    1_798_400_000_000_005_977L, 1_798_400_000_000_019_050L, 1_798_400_000_000_022_580L
  };

  private static final Duration FRESH = Duration.ofSeconds(20);
  private static final int REPEATED = 12;
  private static final int MOST_FOR_A_DEFECT = 60;

  @Test
  void everyScheduleOfLoopsOnChannelsKeepsThePromises() {
    Class<? extends LongConsumer> scenario = SimulatedLoops.class;
    explore(scenario, 1, SEEDS, Duration.ofMinutes(10));
    for (long seed : ONCE_RED) {
      explore(scenario, seed, 1, Duration.ofMinutes(10));
    }
    explore(scenario, QUESTION_AT_THE_END, 1, Duration.ofMinutes(10));
    exploreFreshSeeds(scenario);
  }

  @Test
  void everyScheduleOfLoopsOnReactorKeepsThePromises() {
    Class<? extends LongConsumer> scenario = SimulatedReactorLoops.class;
    explore(scenario, 1, SEEDS_ON_REACTOR, Duration.ofMinutes(10));
    explore(scenario, QUESTION_AT_THE_END, 1, Duration.ofMinutes(10));
    exploreFreshSeeds(scenario);
  }

  @Test
  void everyScheduleOfStormsKeepsThePromises() {
    Class<? extends LongConsumer> scenario = SimulatedStorms.class;
    explore(scenario, 1, SEEDS_ON_REACTOR, Duration.ofMinutes(10));
    for (long seed : RED_STORMS) {
      explore(scenario, seed, 1, Duration.ofMinutes(10));
    }
    exploreFreshSeeds(scenario);
  }

  /** For some seconds, or for the time of the profile. */
  private void exploreFreshSeeds(Class<? extends LongConsumer> scenario) {
    Integer minutes = Integer.getInteger("simulation.minutes");
    long first = Long.getLong("simulation.first", System.nanoTime());
    explore(
        scenario,
        first,
        Long.MAX_VALUE - first,
        minutes == null ? FRESH : Duration.ofMinutes(minutes));
  }

  private void explore(
      Class<? extends LongConsumer> scenario, long first, long most, Duration time) {
    Exploration explored = Exploration.explore(new Simulation(scenario), first, most, time);
    long disturbances = 0;
    for (long i = 0; i < explored.runs(); i++) {
      long seed = explored.seed() - i; // -Dsimulation.seed runs another one than the first
      disturbances += plan(scenario, seed).steps().size();
    }
    System.out.printf(
        "%s: %d rounds from seed %d, %d disturbances, %d steps, %d rounds an hour%n",
        scenario.getSimpleName(),
        explored.runs(),
        first,
        disturbances,
        explored.steps(),
        explored.runsPerHour());
    explored.check(getClass().getSimpleName());
  }

  private static SimulatedPlan plan(Class<? extends LongConsumer> scenario, long seed) {
    return scenario == SimulatedStorms.class ? SimulatedPlan.storm(seed) : SimulatedPlan.of(seed);
  }

  /** With freshly loaded classes, and after other seeds. */
  @ParameterizedTest
  @ValueSource(classes = {SimulatedLoops.class, SimulatedReactorLoops.class, SimulatedStorms.class})
  void seedRepeatsItsRound(Class<? extends LongConsumer> scenario) {
    var simulation = new Simulation(scenario);
    List<Long> upwards = new ArrayList<>();
    for (int seed = 0; seed < REPEATED; seed++) {
      upwards.add(simulation.trace(seed));
    }
    var fresh = new Simulation(scenario).inAFreshLoader();
    for (int seed = REPEATED - 1; seed >= 0; seed--) {
      assertThat(fresh.trace(seed)).as("seed %d", seed).isEqualTo(upwards.get(seed));
    }
    assertThat(upwards).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @CsvSource({
    "COMMITS_AHEAD, COMMIT_BEHIND_WORK",
    "COMMITS_BACK, NEVER_BACK",
    "STOPS_POLLING, KEEPS_POLLING",
    "FORGETS_REVOKES, NEVER_BACK", // the revoked records are committed by then
    "TWO_OF_A_KEY, KEY_ORDER",
    "REVERSES_BATCHES, KEY_ORDER",
    "TOO_MANY_AT_ONCE, BOUNDED",
    "SETTLES_EARLY, COMMIT_BEHIND_WORK",
    "DROPS_RECORDS, COMMIT_BEHIND_WORK",
    "STANDS_STILL, PROGRESS",
    "LEAKS_A_THREAD, CLEAN_CLOSE",
    "CLOSES_LATE, CLEAN_CLOSE",
    "PRODUCES_OUTSIDE, EXACTLY_ONCE",
    "FORGETS_OFFSETS, EXACTLY_ONCE",
    "READS_UNCOMMITTED, EXACTLY_ONCE",
  })
  void plantedDefectIsFound(PlantedInSimulation defect, Invariant invariant) {
    isFound(SimulatedLoops.class, defect, invariant);
    if (!defect.isNaive()) {
      isFound(SimulatedReactorLoops.class, defect, invariant);
    }
  }

  private static void isFound(
      Class<? extends LongConsumer> scenario, PlantedInSimulation defect, Invariant invariant) {
    isFound(scenario, defect.name(), new Simulation(scenario, defect.name()), invariant);
  }

  private static void isFound(
      Class<? extends LongConsumer> scenario,
      String defect,
      Simulation broken,
      Invariant invariant) {
    Exploration explored = Exploration.search(broken, 1, MOST_FOR_A_DEFECT, Duration.ofMinutes(5));
    System.out.printf(
        "%s in %s: found with schedule %d, %d steps in all%n",
        defect, scenario.getSimpleName(), explored.runs(), explored.steps());
    assertThat(explored.failure()).as("a failure within %d seeds", MOST_FOR_A_DEFECT).isNotNull();
    assertThat(explored.failure()).hasMessageContaining("invariant %d is broken", invariant.number);
  }

  @ParameterizedTest
  @CsvSource({
    "DROPS_RETRIES, ALL_PROCESSED",
    "TWO_OF_A_KEY, KEY_ORDER",
    "TOO_MANY_AT_ONCE, BOUNDED",
    "SETTLES_EARLY, COMMIT_BEHIND_WORK",
    "DROPS_RECORDS, COMMIT_BEHIND_WORK",
    "STANDS_STILL, PROGRESS",
  })
  void plantedDefectIsFoundInStorms(PlantedInSimulation defect, Invariant invariant) {
    isFound(SimulatedStorms.class, defect, invariant);
  }

  /** A defect of the loop itself: a record that is settled notifies no worker. */
  @ParameterizedTest
  @ValueSource(classes = {SimulatedLoops.class, SimulatedReactorLoops.class})
  void settlingThatWakesNobodyIsFound(Class<? extends LongConsumer> scenario) {
    isFound(
        scenario,
        "wakes nobody",
        "dev.millrace.kafka.internal.partition.Partition",
        Planting.answering("wakeIf", "getAsBoolean", false));
  }

  /** A defect of the loop itself: a start that nobody has committed counts as committed. */
  @Test
  void startThatIsNotCommittedIsFound() {
    isFound(
        SimulatedStorms.class,
        "does not commit the start",
        "dev.millrace.kafka.internal.partition.Commits",
        Planting.answering("start", "isCommitted", true));
  }

  private static void isFound(
      Class<? extends LongConsumer> scenario,
      String defect,
      String className,
      UnaryOperator<byte[]> change) {
    var broken = new Simulation(scenario).with(className, change);
    isFound(scenario, defect, broken, Invariant.PROGRESS);
  }
}
