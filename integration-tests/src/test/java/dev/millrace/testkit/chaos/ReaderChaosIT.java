package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Loops with fixed partitions, disturbed by a seed: seven promises are kept. A planted defect
 * breaks one, and the oracle finds that. A round is repeated with {@code -Dchaos.seed=…}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReaderChaosIT {

  private static final Path FILES = Path.of("target", "reader-chaos");
  private static final int SEEDS = 10_000;

  /** On channels, by key, with a breaker and other concurrencies: broker, kill, freeze, kill. */
  private static final long FIXED = 381;

  /** On channels, by key, batches and records to skip: letters down, two cuts, a kill. */
  private static final long FIXED_IN_BATCHES = 362;

  private static final int FEW = 4;

  private LoggedChaos chaos;

  @BeforeAll
  void startBroker() throws Exception {
    chaos = LoggedChaos.open(FILES);
  }

  @AfterAll
  void stopBroker() throws Exception {
    chaos.close();
  }

  @ParameterizedTest
  @ValueSource(longs = {FIXED, FIXED_IN_BATCHES})
  @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void loopsWithFixedPartitionsKeepTheirPromises(long seed) throws Exception {
    LoggedResult<ReaderOracle.Promise> result = chaos.readers(seed, FEW, Defect.NONE);
    assertThat(result.broken()).isEmpty();
    assertThat(result.records()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({
    "DROPS_RECORDS, ALL_HANDLED",
    "SETTLES_EARLY, POSITION_BEHIND_WORK",
    "HANDLES_TWICE, NEVER_BACK",
    "TWO_OF_A_KEY, IN_ORDER",
    "TURNS_TOO_HIGH, BOUNDED",
    "LEAKS_A_THREAD, CLEAN_CLOSE",
    "REVERSES_BATCHES, IN_ORDER",
    "HANDLES_MARKED, SKIPPED",
  })
  @EnabledIfSystemProperty(named = "readers.minutes", matches = "\\d+")
  @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void defectBreaksItsPromise(Defect defect, ReaderOracle.Promise promise) throws Exception {
    boolean inBatches = defect == Defect.REVERSES_BATCHES || defect == Defect.HANDLES_MARKED;
    assertThat(chaos.readers(inBatches ? FIXED_IN_BATCHES : FIXED, FEW, defect).broken())
        .extracting(LoggedResult.Broken::promise)
        .contains(promise);
  }

  /** Runs rounds one after the other: see docs/verification.md. */
  @Test
  @EnabledIfSystemProperty(named = "readers.minutes", matches = "\\d+")
  void loopsThatAreDisturbedForLongKeepTheirPromises() throws Exception {
    long end = System.nanoTime() + Long.getLong("readers.minutes", 0) * 60_000_000_000L;
    long seed = Long.getLong("chaos.seed", ThreadLocalRandom.current().nextInt(SEEDS));
    int disturbances = Integer.getInteger("chaos.disturbances", Chaos.DISTURBANCES);
    do {
      LoggedResult<ReaderOracle.Promise> result = chaos.readers(seed, disturbances, Defect.NONE);
      assertThat(result.broken()).as("seed %d", seed).isEmpty();
      seed++;
    } while (System.nanoTime() - end < 0);
  }
}
