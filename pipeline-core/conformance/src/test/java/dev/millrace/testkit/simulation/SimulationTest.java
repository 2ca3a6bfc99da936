package dev.millrace.testkit.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.testkit.simulation.scenarios.Puzzles;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class SimulationTest {

  private static final int SEEDS = 300;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "time",
        "monitors",
        "channels",
        "sets",
        "maps",
        "a monitor of the JDK",
        "interrupts"
      })
  void correctProgramPassesUnderAllSchedules(String name) {
    var simulation = new Simulation(Puzzles.class, name);
    for (long seed = 0; seed < SEEDS; seed++) {
      assertThat(simulation.run(seed).failure()).as("seed %d", seed).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lost update",
        "two locks",
        "two monitors",
        "only yields",
        "a thread lives on",
        "a missed wake-up"
      })
  void defectIsFound(String name) {
    var simulation = new Simulation(Puzzles.class, name);
    Exploration found = Exploration.explore(simulation, 0, SEEDS, Duration.ofMinutes(2));
    assertThat(found.failure()).isNotNull();
    assertThat(found.shortened()).isLessThanOrEqualTo(Math.min(2, found.deviations()));
    assertThatThrownBy(() -> found.check("SimulationTest"))
        .hasMessageContaining("-Dsimulation.seed=" + found.seed());
    assertThat(simulation.run(found.seed()).failure()).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"monitors", "channels", "time", "sets", "maps"})
  void sameSeedGivesTheSameSchedule(String name) {
    List<Outcome> upwards = new ArrayList<>();
    var simulation = new Simulation(Puzzles.class, name);
    for (long seed = 0; seed < 50; seed++) {
      upwards.add(simulation.run(seed));
    }
    var fresh = new Simulation(Puzzles.class, name).inAFreshLoader();
    for (int seed = 49; seed >= 0; seed--) {
      Outcome again = fresh.run(seed);
      assertThat(again.trace()).as("seed %d", seed).isEqualTo(upwards.get(seed).trace());
      assertThat(again.events()).as("seed %d", seed).isEqualTo(upwards.get(seed).events());
      assertThat(again.deviations()).isEqualTo(upwards.get(seed).deviations());
    }
  }

  @Test
  void seedsGiveManySchedules() {
    var simulation = new Simulation(Puzzles.class, "channels");
    long different =
        LongStream.range(0, 100).map(seed -> simulation.run(seed).trace()).distinct().count();
    assertThat(different).isGreaterThan(50);
  }
}
