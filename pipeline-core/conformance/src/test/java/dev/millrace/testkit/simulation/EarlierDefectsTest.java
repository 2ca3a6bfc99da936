package dev.millrace.testkit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.simulation.scenarios.Puzzles;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Defects that the library has had, planted again into its class files. */
@Timeout(300)
class EarlierDefectsTest {

  private static final String HANDOVER = "dev.millrace.channel.Handover";
  private static final int SEEDS = 300;

  /** A receive that looked at its context only before it took the lock. */
  @Test
  void receiveAfterACancelIsFound() {
    String story = "nothing after a cancel";
    Exploration.explore(new Simulation(Puzzles.class, story), 0, SEEDS, Duration.ofMinutes(2))
        .check("EarlierDefectsTest");
    var broken =
        new Simulation(Puzzles.class, story)
            .with(HANDOVER, Planting.answering("take", "hasEnded", false))
            .with(HANDOVER, Planting.answering("attemptReceive", "hasEnded", false));
    Exploration found = Exploration.search(broken, 0, SEEDS, Duration.ofMinutes(2));
    System.out.printf(
        "receive after cancel: found with schedule %d, %d steps in all%n",
        found.runs(), found.steps());
    assertThat(found.failure()).isNotNull();
  }
}
