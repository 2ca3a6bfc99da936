package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.ReaderOracle.Promise;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The oracle of loops without a group, which the rounds of {@link ReaderChaosIT} ask. */
class ReaderOracleTest {

  private final List<Event> events = new ArrayList<>();
  private long now;

  private ReaderOracleTest add(String who, Kind kind, long offset) {
    return add(who, kind, offset, "");
  }

  private ReaderOracleTest add(String who, Kind kind, long offset, String detail) {
    events.add(new Event(who, ++now, 0, kind, 0, offset, -1, "key", detail));
    return this;
  }

  private List<Promise> broken(String... produced) {
    return broken(List.of(produced), List.of());
  }

  private List<Promise> broken(List<String> produced, List<String> marked) {
    return new ReaderOracle(events, Ordering.KEY, 2, 2)
        .check(produced, marked).stream().map(LoggedResult.Broken::promise).toList();
  }

  @Test
  void aSuccessorMayRepeatWhatIsAboveThePosition() {
    add("w1", Kind.START, 0).add("w1", Kind.END, 0).add("w1", Kind.COMMIT, 1);
    add("w1", Kind.START, 1).add("w1", Kind.END, 1).add("w1", Kind.KILLED, -1);
    add("w2", Kind.START, 1).add("w2", Kind.END, 1).add("w2", Kind.COMMIT, 2);
    assertThat(broken("0@0", "0@1")).isEmpty();
  }

  @Test
  void allRecordsAreFinished() {
    add("w1", Kind.START, 0).add("w1", Kind.FAILED, 0);
    assertThat(broken("0@0")).containsExactly(Promise.ALL_HANDLED);
    add("w1", Kind.LETTER, 0);
    assertThat(broken("0@0")).isEmpty();
  }

  @Test
  void aPositionIsBehindTheWork() {
    add("w1", Kind.START, 0).add("w1", Kind.COMMIT, 1).add("w1", Kind.END, 0);
    assertThat(broken("0@0")).containsExactly(Promise.POSITION_BEHIND_WORK);
  }

  @Test
  void aPositionDoesNotGoBack() {
    add("w1", Kind.LETTER, 0).add("w1", Kind.COMMIT, 1).add("w1", Kind.COMMIT, 0);
    assertThat(broken("0@0")).containsExactly(Promise.NEVER_BACK);
  }

  @Test
  void aSuccessorDoesNotBeginBelowThePosition() {
    add("w1", Kind.START, 0).add("w1", Kind.END, 0).add("w1", Kind.COMMIT, 1);
    add("w2", Kind.START, 0).add("w2", Kind.END, 0);
    assertThat(broken("0@0")).containsExactly(Promise.NEVER_BACK);
  }

  @Test
  void aWorkerHandlesARecordOnce() {
    add("w1", Kind.START, 0).add("w1", Kind.END, 0);
    add("w1", Kind.START, 0).add("w1", Kind.END, 0);
    assertThat(broken("0@0")).containsExactly(Promise.NEVER_BACK);
  }

  @Test
  void recordsOfAKeyDoNotRunAtOnce() {
    add("w1", Kind.START, 0).add("w1", Kind.START, 1);
    add("w1", Kind.END, 0).add("w1", Kind.END, 1);
    assertThat(broken("0@0", "0@1")).containsExactly(Promise.IN_ORDER);
  }

  @Test
  void recordsOfAKeyDoNotOvertakeOneThatHasFailed() {
    add("w1", Kind.START, 0).add("w1", Kind.FAILED, 0);
    add("w1", Kind.START, 1).add("w1", Kind.END, 1);
    add("w1", Kind.START, 0).add("w1", Kind.END, 0);
    assertThat(broken("0@0", "0@1")).containsExactly(Promise.IN_ORDER);
  }

  @Test
  void recordsOfAKeyAreInABatchInTheirOrder() {
    add("w1", Kind.START, 0, "one").add("w1", Kind.START, 1, "one");
    add("w1", Kind.FAILED, 0).add("w1", Kind.FAILED, 1);
    add("w1", Kind.START, 0, "two").add("w1", Kind.START, 1, "two");
    add("w1", Kind.END, 0).add("w1", Kind.END, 1);
    assertThat(broken("0@0", "0@1")).isEmpty();
    add("w1", Kind.START, 3, "three").add("w1", Kind.START, 2, "three");
    add("w1", Kind.END, 2).add("w1", Kind.END, 3);
    assertThat(broken("0@0", "0@1", "0@2", "0@3")).containsExactly(Promise.IN_ORDER);
  }

  @Test
  void recordsOfAKeyAreInOneBatch() {
    add("w1", Kind.START, 0, "one").add("w1", Kind.START, 1, "two");
    add("w1", Kind.END, 0).add("w1", Kind.END, 1);
    assertThat(broken("0@0", "0@1")).containsExactly(Promise.IN_ORDER);
  }

  @Test
  void batchesAreBounded() {
    for (int offset = 0; offset < 3; offset++) {
      add("w1", Kind.START, offset, "one");
    }
    for (int offset = 0; offset < 3; offset++) {
      add("w1", Kind.END, offset);
    }
    assertThat(broken("0@0", "0@1", "0@2")).containsExactly(Promise.BOUNDED);
  }

  @Test
  void recordsThatAreToBeSkippedArePassedAndNotHandled() {
    add("w1", Kind.START, 0).add("w1", Kind.END, 0).add("w1", Kind.COMMIT, 2);
    assertThat(broken(List.of("0@0"), List.of("0@1"))).isEmpty();
    assertThat(broken(List.of("0@0"), List.of("0@1", "0@2"))).containsExactly(Promise.SKIPPED);
    add("w1", Kind.LETTER, 1);
    assertThat(broken(List.of("0@0"), List.of("0@1"))).containsExactly(Promise.SKIPPED);
  }

  @Test
  void handlersAreBounded() {
    for (int offset = 0; offset < 3; offset++) {
      events.add(new Event("w1", ++now, 0, Kind.START, offset, 0, -1, "key", ""));
    }
    for (int offset = 0; offset < 3; offset++) {
      events.add(new Event("w1", ++now, 0, Kind.END, offset, 0, -1, "key", ""));
    }
    assertThat(broken("0@0", "1@0", "2@0")).containsExactly(Promise.BOUNDED);
  }

  @Test
  void aWorkerEndsWhenItIsAskedAndLeavesNothing() {
    add("w1", Kind.TERMINATED, -1).add("w1", Kind.KILLED, -1);
    add("w2", Kind.TERMINATED, -1).add("w2", Kind.CLOSED, -1, "a thread").add("w2", Kind.EXITED, 0);
    add("w3", Kind.EXITED, 1);
    assertThat(broken())
        .containsExactly(Promise.CLEAN_CLOSE, Promise.CLEAN_CLOSE, Promise.CLEAN_CLOSE);
  }
}
