package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.simulation.Exploration;
import dev.millrace.testkit.simulation.Simulation;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random pipelines under random schedules find defects of broken engines. */
class BrokenPipelinesTest {

  private static final int SEEDS = 1_000;

  private static Exploration search(String defect, int seeds) {
    return Exploration.search(
        new Simulation(BrokenPipelines.class, defect), 1, seeds, Duration.ofMinutes(2));
  }

  @Test
  void soundEngineHasNoFailure() {
    search(BrokenPipelines.SOUND, 400).check("BrokenPipelinesTest");
  }

  /** Other defects do not show in random pipelines: the tests of the kit find them. */
  @ParameterizedTest
  @EnumSource(
      names = {
        "LOSES_AN_ELEMENT",
        "DOUBLES_AN_ELEMENT",
        "MISCOUNTS_DROPPED",
        "MISCOUNTS_RECEIVED",
        "FORGETS_THE_ORDER",
        "FORGETS_THE_ORDER_AFTER_FAILURES",
        "STOPS_NOTHING_BEFORE_A_TAKE",
        "OPENS_ALL_INPUTS_AT_ONCE",
        "CLOSES_SOURCES_TWICE",
        "CLOSES_TRANSFORMS_TWICE",
        "MISCOUNTS_LEFT_OVER",
        "LEAKS_A_THREAD",
        "ENDS_BEFORE_ITS_THREADS",
        "IGNORES_CANCELLATION",
        "TAKES_INTERRUPTS_FOR_FAILURES",
        "SWALLOWS_ERRORS",
        "LOSES_FAILURES",
        "CALLS_A_HANDLER_THAT_HAS_THROWN",
        "DRAINS_BY_CANCELLING",
      })
  void defectIsFound(Defect defect) {
    Exploration found = search(defect.name(), SEEDS);
    System.out.printf(
        "%s: found with schedule %d, %d steps in all%n", defect, found.runs(), found.steps());
    assertThat(found.failure()).as("a failure within %d seeds", SEEDS).isNotNull();
  }

  /**
   * The same seed passes on the sound engine, so the defect is the cause. {@code
   * BUFFERS_WITHOUT_BOUND} fills the memory instead of failing.
   */
  @ParameterizedTest
  @EnumSource(
      names = {
        "RUNS_ONE_AT_A_TIME",
        "LEAVES_SOURCES_OPEN",
        "LEAVES_TRANSFORMS_OPEN",
        "INTERRUPTS_CLOSING",
        "SWALLOWS_WHAT_IS_THROWN_WHILE_CANCELLING",
        "SWALLOWS_WHAT_THE_FUNCTION_THREW",
        "FORGETS_CONTEXT_VALUES",
        "DRAINS_NEVER",
        "NAMES_NO_STUBBORN_FUNCTION",
        "REPORTS_NOTHING_BEFORE_THE_END"
      })
  void defectIsFoundByATestOfTheKit(Defect defect) {
    Exploration found =
        Exploration.search(
            new Simulation(BrokenKit.class, defect.name()), 1, SEEDS, Duration.ofMinutes(2));
    System.out.printf(
        "%s: found by the kit with schedule %d, %d steps in all: %s%n",
        defect,
        found.runs(),
        found.steps(),
        String.valueOf(found.failure()).lines().findFirst().orElse(""));
    assertThat(found.failure()).as("a failure within %d seeds", SEEDS).isNotNull();
    Exploration.explore(
            new Simulation(BrokenKit.class, BrokenPipelines.SOUND),
            found.seed(),
            1,
            Duration.ofMinutes(1))
        .check("BrokenPipelinesTest");
  }
}
