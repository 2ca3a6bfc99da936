package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.simulation.Exploration;
import dev.millrace.testkit.simulation.Planting;
import dev.millrace.testkit.simulation.Simulation;
import java.time.Duration;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The loop without one of the locks of its partitions, in the simulation. What a lock guards are
 * plain fields, so here a thread may give way at each access to a field of a partition.
 */
class MissingLocksTest {

  private static final String PACKAGE = "dev.millrace.kafka.internal.partition.";
  private static final String PARTITION = PACKAGE + "Partition";

  /** The state of a partition. */
  private static final List<String> GUARDED =
      List.of("Partition", "Books", "Lanes", "Window", "Commits", "Progress", "Delivery");

  private static final int SEEDS = 60;
  private static final int MOST_FOR_A_DEFECT = 1500;
  private static final Duration LIMIT = Duration.ofMinutes(10);

  /** What is missing. */
  enum Missing {
    ADD,
    SETTLE,
    BEGIN,
    TAKE,
    /** A new owner does not wait for the handlers of the earlier one. */
    WAIT_FOR_EARLIER_HANDLERS;

    Simulation in(Simulation whole) {
      return switch (this) {
        case ADD -> withoutLock(whole, "add");
        case SETTLE -> withoutLock(whole, "wakeIf");
        case BEGIN -> withoutLock(whole, "begin");
        case TAKE -> withoutLock(withoutLock(whole, "take"), "takeAndStart");
        case WAIT_FOR_EARLIER_HANDLERS ->
            whole.with(PARTITION, Planting.answering("take", "areIdle", true));
      };
    }

    private static Simulation withoutLock(Simulation whole, String method) {
      return whole.with(PARTITION, Planting.withoutMonitors(method));
    }
  }

  private static Simulation withPointsAtFields(Class<? extends LongConsumer> scenario) {
    var simulation = new Simulation(scenario);
    GUARDED.forEach(name -> simulation.with(PACKAGE + name, Planting.pointsAtFields()));
    return simulation;
  }

  @ParameterizedTest
  @ValueSource(classes = {SimulatedLoops.class, SimulatedReactorLoops.class})
  void allLocksAreThere(Class<? extends LongConsumer> scenario) {
    Exploration.explore(withPointsAtFields(scenario), 1, SEEDS, LIMIT)
        .check(getClass().getSimpleName());
  }

  /** From seeds on that were found to be near a red one. */
  @ParameterizedTest
  @CsvSource({
    "ADD, 40, 1",
    "SETTLE, 1, 1",
    "BEGIN, 75, 1240",
    "TAKE, 1235, 740",
    "WAIT_FOR_EARLIER_HANDLERS, 200, 70",
  })
  void missingLockIsFound(Missing what, long onChannels, long onReactor) {
    isFound(what, SimulatedLoops.class, onChannels);
    isFound(what, SimulatedReactorLoops.class, onReactor);
  }

  private static void isFound(Missing what, Class<? extends LongConsumer> scenario, long first) {
    Exploration explored =
        Exploration.search(what.in(withPointsAtFields(scenario)), first, MOST_FOR_A_DEFECT, LIMIT);
    System.out.printf(
        "without %s in %s: seed %d, schedule %d from %d on, %d steps%n",
        what, scenario.getSimpleName(), explored.seed(), explored.runs(), first, explored.steps());
    assertThat(explored.failure()).hasMessageMatching("(?s).*invariant \\d+ is broken.*");
  }
}
