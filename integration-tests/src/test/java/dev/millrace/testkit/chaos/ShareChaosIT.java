package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.chaos.ShareOracle.Promise;
import dev.millrace.testkit.chaos.SharePlan.Step;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Members of a share group, disturbed by a seed: five promises are kept. Planted defects break
 * them, and the oracle finds that. A round is repeated with {@code -Dchaos.seed=…}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ShareChaosIT {

  private static final Path FILES = Path.of("target", "share-chaos");
  private static final int SEEDS = 10_000;

  /** Two members come, and one is killed. */
  private static final List<Step> FEW =
      List.of(
          new Step(Disturbance.JOIN, 0, 0, 2000),
          new Step(Disturbance.KILL, 0, 0, 2000),
          new Step(Disturbance.POISON, 0, 0, 1000));

  /** For defects that show while nothing is disturbed: no fault excuses them. */
  private static final List<Step> CALM =
      List.of(new Step(Disturbance.JOIN, 0, 0, 1000), new Step(Disturbance.POISON, 0, 0, 3000));

  private LoggedChaos chaos;

  @BeforeAll
  void startBroker() throws Exception {
    chaos = LoggedChaos.open(FILES);
  }

  @AfterAll
  void stopBroker() throws Exception {
    chaos.close();
  }

  private static SharePlan plan(int concurrency, List<Step> steps) {
    return new SharePlan(1, 6, concurrency, 2 * concurrency, 1, 1, 0.002, steps);
  }

  @Test
  @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void groupThatIsDisturbedKeepsItsPromises() throws Exception {
    LoggedResult<ShareOracle.Promise> result = chaos.share(plan(16, FEW), Defect.NONE, true);
    assertThat(result.broken()).isEmpty();
    assertThat(result.records()).isPositive();
  }

  @ParameterizedTest
  @CsvSource("DROPS_RECORDS, 16, ALL_FINISHED")
  @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void defectBreaksItsPromise(Defect defect, int concurrency, Promise promise) throws Exception {
    assertThat(broken(chaos.share(plan(concurrency, CALM), defect, true))).contains(promise);
  }

  @ParameterizedTest
  @CsvSource({
    "HANDLES_TWICE, 16, FEW_DUPLICATES",
    "TOO_MANY_AT_ONCE, 4, BOUNDED",
    "LEAKS_A_THREAD, 16, CLEAN_CLOSE",
    "CLOSES_LATE, 16, CLEAN_CLOSE",
  })
  @EnabledIfSystemProperty(named = "share.minutes", matches = "\\d+")
  @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void otherDefectBreaksItsPromise(Defect defect, int concurrency, Promise promise)
      throws Exception {
    assertThat(broken(chaos.share(plan(concurrency, CALM), defect, true))).contains(promise);
  }

  /** Runs rounds one after the other: see docs/verification.md. */
  @Test
  @EnabledIfSystemProperty(named = "share.minutes", matches = "\\d+")
  void groupsThatAreDisturbedForLongKeepTheirPromises() throws Exception {
    long end = System.nanoTime() + Long.getLong("share.minutes", 0) * 60_000_000_000L;
    long seed = Long.getLong("chaos.seed", ThreadLocalRandom.current().nextInt(SEEDS));
    int disturbances = Integer.getInteger("chaos.disturbances", Chaos.DISTURBANCES);
    do {
      LoggedResult<ShareOracle.Promise> result = chaos.share(seed, disturbances);
      assertThat(result.broken()).as("seed %d", seed).isEmpty();
      seed++;
    } while (System.nanoTime() - end < 0);
  }

  private static Set<Promise> broken(LoggedResult<ShareOracle.Promise> result) {
    return result.broken().stream().map(LoggedResult.Broken::promise).collect(Collectors.toSet());
  }
}
