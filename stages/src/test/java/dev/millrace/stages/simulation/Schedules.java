package dev.millrace.stages.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.simulation.Exploration;
import dev.millrace.testkit.simulation.Simulation;
import java.time.Duration;
import java.util.function.LongConsumer;

/** Runs a scenario under many schedules. */
final class Schedules {

  private static final int REPEATED = 20;
  private static final Duration FRESH = Duration.ofSeconds(15);
  private static final Duration LONG = Duration.ofMinutes(10);

  private Schedules() {}

  /** Known seeds. */
  static void known(Class<? extends LongConsumer> scenario, long first, long most, Class<?> test) {
    explore(scenario, first, most, LONG, test);
  }

  /** Fresh seeds, for {@link #FRESH}, or for {@code -Dsimulation.minutes}. */
  static void fresh(Class<? extends LongConsumer> scenario, Class<?> test) {
    Integer minutes = Integer.getInteger("simulation.minutes");
    Duration time = minutes == null ? FRESH : Duration.ofMinutes(minutes);
    long first = Long.getLong("simulation.first", System.nanoTime());
    explore(scenario, first, Long.MAX_VALUE - first, time, test);
  }

  private static void explore(
      Class<? extends LongConsumer> scenario, long first, long most, Duration time, Class<?> test) {
    Exploration explored = Exploration.explore(new Simulation(scenario), first, most, time);
    System.out.printf(
        "%s: %d schedules from seed %d, %d steps, %d an hour%n",
        scenario.getSimpleName(), explored.runs(), first, explored.steps(), explored.runsPerHour());
    explored.check(test.getSimpleName());
  }

  /** A seed repeats its schedule with freshly loaded classes, and after other seeds. */
  static void repeat(Class<? extends LongConsumer> scenario) {
    var simulation = new Simulation(scenario);
    long[] upwards = new long[REPEATED];
    for (int seed = 0; seed < REPEATED; seed++) {
      upwards[seed] = simulation.trace(seed);
    }
    var fresh = new Simulation(scenario).inAFreshLoader();
    long[] again = new long[REPEATED];
    for (int seed = REPEATED - 1; seed >= 0; seed--) {
      again[seed] = fresh.trace(seed);
    }
    assertThat(again).isEqualTo(upwards);
  }
}
