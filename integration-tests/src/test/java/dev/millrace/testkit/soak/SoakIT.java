package dev.millrace.testkit.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pipelines at scale: thousands of runs at once in 64 MB. Some of them are cut short. A soak is
 * repeated with {@code -Dsoak.seed=…}.
 */
class SoakIT {

  private static final Path TABLE = Path.of("target", "soak", "soaks.md");
  private static final int SEEDS = 1_000_000_000;
  private static final long SEED =
      Long.getLong("soak.seed", ThreadLocalRandom.current().nextInt(SEEDS));
  private static final int SHORT_MILLIS = 2_500;

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void manyRunsAtOnceKeepWhatEachPromises(String engine) throws Exception {
    soak(new SoakSettings(engine, SEED, SHORT_MILLIS, 100, 5_000, Defect.NONE));
  }

  /** Runs waves, half of the time on each engine: see docs/soak.md. */
  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  @EnabledIfSystemProperty(named = "soak.minutes", matches = "\\d+")
  void thousandsOfRunsAtOnceKeepWhatEachPromises(String engine) throws Exception {
    long millis = Duration.ofMinutes(Long.getLong("soak.minutes", 0)).toMillis() / 2;
    int atOnce = Integer.getInteger("soak.runs", 1_000);
    int elements = Integer.getInteger("soak.elements", 300_000);
    soak(new SoakSettings(engine, SEED, millis, atOnce, elements, Defect.NONE));
  }

  private static void soak(SoakSettings settings) throws IOException, InterruptedException {
    System.out.println("soak: " + settings);
    var result = SoakProcess.run(settings);
    System.out.println(result.output());
    assertThat(result.status()).as("%s\n%s", settings, result.output()).isZero();
    Files.createDirectories(TABLE.getParent());
    if (!Files.exists(TABLE)) {
      Files.writeString(TABLE, SoakProcess.HEADER);
    }
    Files.writeString(TABLE, result.row() + "\n", StandardOpenOption.APPEND);
  }

  /** A planted defect is found, and reported with the seed. */
  @ParameterizedTest
  @CsvSource({"LEDGER, 4000, errors in the books", "STUCK, 4000, a run has not ended"})
  void defectIsFound(Defect defect, int millis, String told) throws Exception {
    find(defect, millis, told);
  }

  @ParameterizedTest
  @EnabledIfSystemProperty(named = "soak.minutes", matches = "\\d+")
  @CsvSource({
    "RESULT, 4000, results of Plan",
    "THREAD, 4000, threads are left",
    "HEAP, 60000, the heap has grown"
  })
  void otherDefectIsFound(Defect defect, int millis, String told) throws Exception {
    find(defect, millis, told);
  }

  private static void find(Defect defect, int millis, String told) throws Exception {
    var result = SoakProcess.run(new SoakSettings("channels", SEED, millis, 50, 500, defect));
    assertThat(result.status()).as(result.output()).isEqualTo(1);
    assertThat(result.output()).contains("-Dsoak.seed=" + SEED, told);
  }
}
