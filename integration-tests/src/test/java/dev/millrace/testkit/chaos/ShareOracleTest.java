package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.chaos.Event.Kind;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The oracle of share groups, which the rounds of {@link ShareChaosIT} ask. */
class ShareOracleTest {

  @Test
  void onlyARecordWhoseLastDeliveryWasLostMayBeMissing() {
    List<Event> events =
        List.of(
            Event.now("w1", Kind.START, 0, 1, ""),
            Event.now("w1", Kind.END, 0, 1, ""),
            Event.now("w1", Kind.START, 0, 2, ""),
            Event.now("w1", Kind.FAILED, 0, 2, ""));
    var oracle = new ShareOracle(events, 1, 0);
    List<LoggedResult.Broken<ShareOracle.Promise>> broken =
        oracle.check(List.of("0@1", "0@2", "0@3", "0@4"), Set.of("0@1", "0@2", "0@3"));
    assertThat(broken).hasSize(1);
    assertThat(broken.getFirst().promise()).isEqualTo(ShareOracle.Promise.ALL_FINISHED);
    assertThat(broken.getFirst().what()).contains("0@4");
    assertThat(oracle.dropped()).isEqualTo(2);
    assertThat(oracle.finished()).isEqualTo(1);
  }

  /** Its threads had taken these records before it stopped, and no other records. */
  @Test
  void aMemberThatWasStoppedMayRepeatOneRecordForEachHandler() {
    List<Event> events =
        List.of(
            event(0, "w1", Kind.STOPPED, -1),
            event(1, "w2", Kind.START, 1),
            event(2, "w2", Kind.END, 1),
            event(3, "w2", Kind.START, 2),
            event(4, "w2", Kind.END, 2),
            event(9_000, "w1", Kind.CONTINUED, -1),
            event(9_010, "w1", Kind.START, 1),
            event(9_020, "w1", Kind.END, 1),
            event(9_030, "w1", Kind.START, 2),
            event(9_040, "w1", Kind.END, 2));
    List<String> produced = List.of("0@1", "0@2");
    assertThat(new ShareOracle(events, 2, 0).check(produced, Set.of())).isEmpty();
    List<LoggedResult.Broken<ShareOracle.Promise>> broken =
        new ShareOracle(events, 1, 0).check(produced, Set.of());
    assertThat(broken)
        .extracting(LoggedResult.Broken::promise)
        .containsExactly(ShareOracle.Promise.FEW_DUPLICATES);
  }

  @Test
  void aMemberThatWasStoppedMayNotRepeatARecordLater() {
    List<Event> events =
        List.of(
            event(0, "w1", Kind.STOPPED, -1),
            event(1, "w2", Kind.START, 1),
            event(2, "w2", Kind.END, 1),
            event(9_000, "w1", Kind.CONTINUED, -1),
            event(10_001, "w1", Kind.START, 1),
            event(10_002, "w1", Kind.END, 1));
    assertThat(new ShareOracle(events, 4, 0).check(List.of("0@1"), Set.of())).hasSize(1);
  }

  private static Event event(long millis, String who, Kind kind, long offset) {
    return new Event(who, millis * 1_000_000, 0, kind, 0, offset, -1, "", "");
  }
}
