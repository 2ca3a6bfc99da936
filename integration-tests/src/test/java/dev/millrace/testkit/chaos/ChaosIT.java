package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Groups of workers, disturbed by a seed: no record is lost, and the other invariants hold. A round
 * is repeated with {@code -Dchaos.seed=…}.
 */
class ChaosIT {

  private static final Path FILES = Path.of("target", "chaos");
  private static final int FEW = 6;
  private static final int SEEDS = 10_000;

  /** By key and KIP-848: a leave, poison, a broker killed, a cut, a join, a kill. */
  private static final long FIXED = 6;

  /** Exactly once: poison, a kill, a cut, lost answers, a freeze, a broker killed. */
  private static final long FIXED_EXACTLY_ONCE = 37;

  /**
   * On Reactor, by key and eager, batches, records to skip, letters by the loop's own producer:
   * flaps, a kill, freezes, a cut.
   */
  private static final long FIXED_IN_BATCHES = 220;

  @ParameterizedTest
  @ValueSource(longs = {FIXED, FIXED_EXACTLY_ONCE, FIXED_IN_BATCHES})
  void groupThatIsDisturbedLosesNothing(long seed) throws Exception {
    try (var chaos = Chaos.open(FILES, 1)) {
      RoundResult result = chaos.round(seed, FEW, "", "");
      assertThat(result.violations()).as("seed %d: %s", seed, result.plan()).isEmpty();
      assertThat(result.problem()).as("seed %d: %s", seed, result.plan()).isEmpty();
      assertThat(result.skipped() > 0).isEqualTo(seed == FIXED_IN_BATCHES);
    }
  }

  /** Runs rounds one after the other: see docs/reliability.md. */
  @Test
  @EnabledIfSystemProperty(named = "chaos.minutes", matches = "\\d+")
  void groupsThatAreDisturbedForLongLoseNothing() throws Exception {
    long minutes = Long.getLong("chaos.minutes", 0);
    long seed = Long.getLong("chaos.seed", ThreadLocalRandom.current().nextInt(SEEDS));
    String face = System.getProperty("chaos.face", "");
    String knobs = System.getProperty("chaos.knobs", "");
    int disturbances = Integer.getInteger("chaos.disturbances", Chaos.DISTURBANCES);
    var time = Duration.ofMinutes(minutes);
    assertThat(Chaos.run(time, seed, FILES, disturbances, face, knobs)).isTrue();
  }
}
