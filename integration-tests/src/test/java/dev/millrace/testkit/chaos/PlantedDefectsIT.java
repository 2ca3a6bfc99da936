package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.chaos.Plan.Contents;
import dev.millrace.testkit.chaos.Plan.Step;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Workers are broken on purpose, against a real broker. The oracle must find each defect. Each
 * build has a few of them: {@code LoopSimulationTest} finds all on a simulated broker. Profile
 * {@code chaos} has the others.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PlantedDefectsIT {

  private static final List<Step> COME_AND_GO =
      List.of(
          new Step(Disturbance.JOIN, 0, 0, 4000),
          new Step(Disturbance.LEAVE, 0, 0, 4000),
          new Step(Disturbance.JOIN, 0, 0, 4000),
          new Step(Disturbance.LEAVE, 1, 0, 30_000));

  /** For workers that do not end. */
  private static final List<Step> COME = List.of(new Step(Disturbance.JOIN, 0, 0, 30_000));

  private static final List<Step> KILLS =
      List.of(new Step(Disturbance.KILL, 0, 0, 2000), new Step(Disturbance.KILL, 0, 0, 1000));

  private Chaos chaos;

  @BeforeAll
  void startBroker() throws Exception {
    chaos = Chaos.open(Path.of("target", "planted"), 1);
  }

  @AfterAll
  void stopBroker() throws Exception {
    chaos.close();
  }

  @ParameterizedTest
  @CsvSource({
    "naive, COMMITS_AHEAD, UNORDERED, 16, COMMIT_BEHIND_WORK",
    "channel with concurrency, TURNS_TOO_HIGH, UNORDERED, 4, BOUNDED",
    "channel with batches, REVERSES_BATCHES, KEY, 16, KEY_ORDER",
    "channel with skip, HANDLES_MARKED, KEY, 16, SKIPPED",
  })
  void defectBreaksItsInvariant(
      String face, Defect defect, Ordering ordering, int concurrency, Invariant invariant)
      throws Exception {
    assertThat(broken(plan(face, ordering, concurrency), defect)).contains(invariant);
  }

  @ParameterizedTest
  @EnabledIfSystemProperty(named = "chaos.minutes", matches = "\\d+")
  @CsvSource({
    "naive, COMMITS_BACK, UNORDERED, 16, NEVER_BACK",
    "naive, STOPS_POLLING, UNORDERED, 16, KEEPS_POLLING",
    "channel, TWO_OF_A_KEY, KEY, 16, KEY_ORDER",
    "channel, FORGETS_REVOKES, UNORDERED, 16, REVOKED_IS_OVER",
    "channel, TOO_MANY_AT_ONCE, UNORDERED, 4, BOUNDED",
    "channel, SETTLES_EARLY, UNORDERED, 64, COMMIT_BEHIND_WORK",
    "channel, DROPS_RECORDS, KEY, 16, COMMIT_BEHIND_WORK",
    "channel, STANDS_STILL, KEY, 16, PROGRESS",
    "channel, LEAKS_A_THREAD, KEY, 16, CLEAN_CLOSE",
    "channel, CLOSES_LATE, KEY, 16, CLEAN_CLOSE",
    "channel with batches, TWO_OF_A_KEY, KEY, 16, KEY_ORDER",
    "channel with batches, BATCHES_TOO_LARGE, UNORDERED, 4, BOUNDED",
    "channel with batches, TOO_MANY_AT_ONCE, UNORDERED, 4, BOUNDED",
    "channel with batches, DROPS_RECORDS, PARTITION, 16, COMMIT_BEHIND_WORK",
    "reactor with batches, REVERSES_BATCHES, PARTITION, 16, KEY_ORDER",
    "reactor-blocking with batches, SETTLES_EARLY, UNORDERED, 16, COMMIT_BEHIND_WORK",
    "reactor with skip, HANDLES_MARKED, KEY, 16, SKIPPED",
    "messages, TWO_OF_A_KEY, KEY, 16, KEY_ORDER",
    "messages, TOO_MANY_AT_ONCE, UNORDERED, 4, BOUNDED",
    "messages, LEAKS_A_THREAD, KEY, 16, CLEAN_CLOSE",
    "messages-reactor, DROPS_RECORDS, KEY, 16, COMMIT_BEHIND_WORK",
    "messages-reactor, TWO_OF_A_KEY, KEY, 16, KEY_ORDER",
  })
  void otherDefectBreaksItsInvariant(
      String face, Defect defect, Ordering ordering, int concurrency, Invariant invariant)
      throws Exception {
    assertThat(broken(plan(face, ordering, concurrency), defect)).contains(invariant);
  }

  private static Plan plan(String face, Ordering ordering, int concurrency) {
    return new Plan(
        1,
        face,
        Guarantee.AT_LEAST_ONCE,
        ordering,
        Protocol.COOPERATIVE,
        false,
        concurrency,
        Contents.PLAIN,
        0,
        face.equals("naive") ? COME : COME_AND_GO);
  }

  @ParameterizedTest
  @EnabledIfSystemProperty(named = "chaos.minutes", matches = "\\d+")
  @EnumSource(names = {"READS_UNCOMMITTED", "PRODUCES_OUTSIDE", "FORGETS_OFFSETS"})
  void outputThatIsNotProducedExactlyOnceIsFound(Defect defect) throws Exception {
    assertThat(brokenExactlyOnce(defect)).containsExactly(Invariant.EXACTLY_ONCE);
  }

  @ParameterizedTest
  @EnabledIfSystemProperty(named = "chaos.minutes", matches = "\\d+")
  @CsvSource({
    "reactor, READS_UNCOMMITTED",
    "reactor-blocking, READS_UNCOMMITTED",
    "reactor, FORGETS_OFFSETS",
    "reactor-blocking, PRODUCES_OUTSIDE",
  })
  void outputOnReactorThatIsNotProducedExactlyOnceIsFound(String face, Defect defect)
      throws Exception {
    assertThat(brokenExactlyOnce(face, defect)).containsExactly(Invariant.EXACTLY_ONCE);
  }

  private Set<Invariant> brokenExactlyOnce(Defect defect) throws Exception {
    return brokenExactlyOnce("channel", defect);
  }

  private Set<Invariant> brokenExactlyOnce(String face, Defect defect) throws Exception {
    var plan =
        new Plan(
            1,
            face,
            Guarantee.EXACTLY_ONCE,
            Ordering.KEY,
            Protocol.COOPERATIVE,
            false,
            16,
            Contents.TRANSACTIONAL,
            0,
            KILLS);
    return broken(plan, defect);
  }

  /** Offsets are committed before their output is sent. */
  @Test
  @EnabledIfSystemProperty(named = "chaos.minutes", matches = "\\d+")
  void pipelineThatIsNotExactlyOnceIsFound() throws Exception {
    var plan =
        new Plan(
            1,
            "pipeline",
            Guarantee.EXACTLY_ONCE,
            Ordering.KEY,
            Protocol.COOPERATIVE,
            false,
            16,
            Contents.PLAIN,
            0,
            KILLS);
    assertThat(broken(plan, Defect.SETTLES_EARLY)).containsExactly(Invariant.EXACTLY_ONCE);
  }

  private Set<Invariant> broken(Plan plan, Defect defect) throws Exception {
    return chaos.round(plan, Plans.face(plan), defect).violations().stream()
        .map(Violation::invariant)
        .collect(Collectors.toSet());
  }
}
