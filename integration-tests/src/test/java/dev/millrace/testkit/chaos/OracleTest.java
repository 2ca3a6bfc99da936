package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.Ordering;
import dev.millrace.testkit.chaos.Event.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each invariant, told by events as a loop that breaks it would write them. */
class OracleTest {

  private static final long SECOND = 1_000_000_000;

  private Oracle oracle = oracle(Ordering.KEY, LogLookup.KEEPS_ALL);
  private long now = 1000 * SECOND;

  private static Oracle oracle(Ordering ordering, LogLookup log) {
    return new Oracle(
        new Bounds(
            ordering,
            3,
            1000,
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(8),
            Duration.ofSeconds(6),
            2,
            10),
        log);
  }

  @BeforeEach
  void twoWorkersWithAPartitionEach() {
    oracle.event(event("a", Kind.LAUNCHED, -1, -1));
    oracle.event(event("b", Kind.LAUNCHED, -1, -1));
    beat("a", 0, 0);
    beat("b", 0, 0);
    assigned("a", 0, 1);
    assigned("b", 1, 1);
  }

  private Event event(String who, Kind kind, int partition, long offset) {
    return event(who, kind, partition, offset, -1, "");
  }

  private Event event(String who, Kind kind, int partition, long offset, long epoch, String key) {
    now += 1_000_000;
    return new Event(who, now, 0, kind, partition, offset, epoch, key, "");
  }

  private void assigned(String who, int partition, long epoch) {
    oracle.event(event(who, Kind.ASSIGNED, partition, -1, epoch, ""));
  }

  private void released(String who, int partition, long epoch, int begun) {
    oracle.event(event(who, Kind.RELEASED, partition, begun, epoch, ""));
  }

  private void start(String who, int partition, long offset, String key) {
    oracle.event(event(who, Kind.START, partition, offset, -1, key));
  }

  private void end(String who, int partition, long offset, String key) {
    oracle.event(event(who, Kind.END, partition, offset, -1, key));
  }

  private void process(String who, int partition, long offset, String key) {
    start(who, partition, offset, key);
    end(who, partition, offset, key);
  }

  private void commit(String who, int partition, long offset) {
    oracle.event(event(who, Kind.COMMIT, partition, offset));
  }

  private void beat(String who, long sincePoll, long heap) {
    oracle.event(event(who, Kind.BEAT, -1, sincePoll, heap, ""));
  }

  private void produced(int partition, int count) {
    for (int i = 0; i < count; i++) {
      oracle.produced(partition, i, "k" + i);
    }
  }

  /** Both beat while time passes. */
  private void pass(int seconds) {
    for (int i = 0; i < seconds; i++) {
      now += SECOND;
      beat("a", 0, 0);
      beat("b", 0, 0);
      oracle.look(now);
    }
  }

  private List<Integer> broken() {
    return oracle.violations().stream().map(one -> one.invariant().number).distinct().toList();
  }

  @Test
  void healthyGroupBreaksNothing() {
    produced(0, 6);
    process("a", 0, 0, "k");
    process("a", 0, 1, "k");
    start("a", 0, 2, "x");
    oracle.event(event("a", Kind.FAILED, 0, 2, -1, "x"));
    start("a", 0, 3, "y");
    start("a", 0, 2, "x");
    commit("a", 0, 2);
    oracle.asked(Map.of(0, 2L));
    end("a", 0, 2, "x");
    end("a", 0, 3, "y");
    commit("a", 0, 4);
    released("a", 0, 1, 0);
    assigned("b", 0, 2);
    process("b", 0, 4, "k");
    oracle.event(event("b", Kind.LETTER, 0, 5, -1, ""));
    commit("b", 0, 6);
    oracle.asked(Map.of(0, 6L));
    pass(30);
    for (String who : List.of("a", "b")) {
      oracle.event(event(who, Kind.TERMINATED, -1, -1));
      oracle.event(event(who, Kind.CLOSED, -1, 0));
      oracle.event(event(who, Kind.EXITED, -1, 0));
    }
    oracle.asked(Map.of(0, 6L));
    oracle.letter(0, 5);
    oracle.end();
    assertThat(oracle.violations()).isEmpty();
  }

  @Test
  void recordThatNobodyProcessedIsMissing() {
    produced(0, 2);
    process("a", 0, 0, "k0");
    oracle.end();
    assertThat(broken()).containsExactly(1);
  }

  @Test
  void deadLetterThatIsNotInItsTopicIsMissing() {
    produced(0, 1);
    oracle.event(event("a", Kind.LETTER, 0, 0));
    oracle.end();
    assertThat(broken()).containsExactly(1);
  }

  @Test
  void recordThatRetentionOrCompactionTookIsExcused() {
    oracle = oracle(Ordering.KEY, (partition, offset) -> offset == 1 ? 2 : offset);
    assigned("a", 0, 1);
    produced(0, 3);
    oracle.event(event(Event.CONDUCTOR, Kind.DELETED, 0, 1));
    process("a", 0, 2, "k2");
    oracle.asked(Map.of(0, 3L));
    oracle.end();
    assertThat(oracle.violations()).isEmpty();
  }

  @Test
  void brokersCommitMayNotPassWhatRuns() {
    produced(0, 2);
    start("a", 0, 0, "k0");
    process("a", 0, 1, "k1");
    oracle.asked(Map.of(0, 2L));
    assertThat(broken()).containsExactly(2);
  }

  @Test
  void workersCommitIsCheckedWhenAllLogsHaveBeenRead() {
    produced(0, 1);
    commit("a", 0, 1);
    oracle.asked(Map.of());
    assertThat(broken()).isEmpty();
    oracle.asked(Map.of());
    assertThat(broken()).containsExactly(2);
  }

  @Test
  void commitsNeverGoBack() {
    oracle.asked(Map.of(0, 5L));
    oracle.asked(Map.of(0, 4L));
    assertThat(broken()).containsExactly(3);
  }

  @Test
  void commitsOfAWorkerNeverGoBack() {
    commit("a", 0, 5);
    commit("a", 0, 4);
    assertThat(broken()).containsExactly(3);
  }

  @Test
  void nothingIsReplayedFromBelowTheCommit() {
    oracle.asked(Map.of(0, 5L));
    released("a", 0, 1, 0);
    assigned("b", 0, 2);
    start("b", 0, 4, "k4");
    assertThat(broken()).containsExactly(3);
  }

  @Test
  void twoOfAKeyMayNotRunAtOnce() {
    start("a", 0, 0, "k");
    start("a", 0, 1, "k");
    assertThat(broken()).containsExactly(4);
  }

  @Test
  void twoOfAPartitionMayNotRunAtOnceIfThatIsTheOrder() {
    oracle = oracle(Ordering.PARTITION, LogLookup.KEEPS_ALL);
    assigned("a", 0, 1);
    start("a", 0, 0, "k");
    start("a", 0, 1, "l");
    assertThat(broken()).containsExactly(4);
  }

  @Test
  void withoutAnOrderTheyMay() {
    oracle = oracle(Ordering.UNORDERED, LogLookup.KEEPS_ALL);
    assigned("a", 0, 1);
    start("a", 0, 1, "k");
    start("a", 0, 0, "k");
    assertThat(broken()).isEmpty();
  }

  @Test
  void offsetsOfAKeyRise() {
    process("a", 0, 3, "k");
    process("a", 0, 2, "k");
    assertThat(broken()).containsExactly(4);
  }

  @Test
  void recordThatFailedIsNotOvertaken() {
    start("a", 0, 0, "k");
    oracle.event(event("a", Kind.FAILED, 0, 0, -1, "k"));
    start("a", 0, 1, "k");
    assertThat(broken()).containsExactly(4);
  }

  @Test
  void twoWorkersMayNotRunOneKeyAtOnce() {
    start("a", 0, 0, "k");
    assigned("b", 0, 2);
    start("b", 0, 0, "k");
    assertThat(broken()).containsExactly(4);
  }

  @Test
  void workerThatWasStoppedMayNotKnowThatItHasLostAKey() {
    start("a", 0, 0, "k");
    oracle.event(event("a", Kind.STOPPED, -1, -1));
    assigned("b", 0, 2);
    start("b", 0, 0, "k");
    assertThat(broken()).isEmpty();
  }

  @Test
  void duplicatesBeyondTheWindowAreTooMany() {
    for (int i = 0; i < 3; i++) {
      process("a", 0, i, "k" + i);
    }
    released("a", 0, 1, 0);
    assigned("b", 0, 2);
    process("b", 0, 0, "k0");
    process("b", 0, 1, "k1");
    assertThat(broken()).isEmpty();
    process("b", 0, 2, "k2");
    assertThat(broken()).containsExactly(5);
  }

  @Test
  void faultAllowsAsManyMoreAsItsSecondsDo() {
    for (int i = 0; i < 30; i++) {
      process("a", 0, i, "k" + i);
    }
    oracle.event(event(Event.CONDUCTOR, Kind.FAULT, -1, -1));
    now += 3 * SECOND;
    oracle.event(event(Event.CONDUCTOR, Kind.REPAIRED, -1, -1));
    released("a", 0, 1, 0);
    assigned("b", 0, 2);
    for (int i = 0; i < 30; i++) {
      process("b", 0, i, "k" + i);
    }
    assertThat(broken()).isEmpty();
  }

  @Test
  void nothingStartsAfterTheRevoke() {
    start("a", 0, 0, "k0");
    released("a", 0, 1, 2);
    start("a", 0, 1, "k1"); // it had begun, but not said so
    assertThat(broken()).isEmpty();
    start("a", 0, 2, "k2");
    assertThat(broken()).containsExactly(6);
  }

  @Test
  void nothingIsCommittedAfterTheRevokeThatRanThen() {
    start("a", 0, 0, "k0");
    released("a", 0, 1, 1);
    end("a", 0, 0, "k0");
    commit("a", 0, 0); // the answer to one that was sent before
    assertThat(broken()).isEmpty();
    commit("a", 0, 1);
    assertThat(broken()).containsExactly(6);
  }

  @Test
  void partitionWithLagMayNotStandStill() {
    produced(0, 1);
    pass(9);
    assertThat(broken()).isEmpty();
    pass(3);
    assertThat(broken()).containsExactly(7);
    assertThat(oracle.longestStall()).isGreaterThan(Duration.ofSeconds(9));
  }

  @Test
  void whileABrokerIsAwayNothingMustMove() {
    produced(0, 1);
    oracle.event(event(Event.CONDUCTOR, Kind.FAULT, -1, -1));
    pass(30);
    oracle.event(event(Event.CONDUCTOR, Kind.REPAIRED, -1, -1));
    pass(15);
    assertThat(broken()).isEmpty();
    pass(5);
    assertThat(broken()).containsExactly(7);
  }

  @Test
  void workerEndsInTime() {
    oracle.event(event("a", Kind.TERMINATED, -1, -1));
    pass(7);
    assertThat(broken()).isEmpty();
    pass(3);
    assertThat(broken()).containsExactly(8);
  }

  @Test
  void workerLeavesNoThread() {
    oracle.event(event("a", Kind.TERMINATED, -1, -1));
    oracle.event(new Event("a", now, 0, Kind.CLOSED, -1, 0, -1, "", "'leak'"));
    assertThat(broken()).containsExactly(8);
  }

  @Test
  void workerDoesNotEndByItself() {
    oracle.event(event("a", Kind.EXITED, -1, 1));
    assertThat(broken()).containsExactly(8);
  }

  @Test
  void handlersAndHeapAreBounded() {
    for (int i = 0; i < 4; i++) {
      assertThat(broken()).isEmpty();
      start("a", 0, i, "k" + i);
    }
    assertThat(broken()).containsExactly(9);
    beat("a", 0, 1001);
    assertThat(oracle.violations()).hasSize(2);
  }

  @Test
  void memberKeepsPolling() {
    beat("a", 5000, 0);
    assertThat(broken()).isEmpty();
    beat("a", 6000, 0);
    assertThat(broken()).containsExactly(10);
  }

  @Test
  void violationTellsWhatHappenedToTheKeyAndWhoDidWhat() {
    process("a", 0, 0, "other");
    oracle.event(event(Event.CONDUCTOR, Kind.FAULT, -1, -1));
    start("a", 0, 1, "k");
    start("a", 0, 2, "k");
    assertThat(oracle.violations().getFirst().toString())
        .contains("invariant 4", "a starts p0@2", "START p0@1 key k", "FAULT", "ASSIGNED p0")
        .doesNotContain("other");
  }
}
