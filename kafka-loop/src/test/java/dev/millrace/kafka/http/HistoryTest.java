package dev.millrace.kafka.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.Health;
import dev.millrace.kafka.LoopStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The samples for the charts. */
class HistoryTest {

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final List<LoopStatus> LOOPS =
      List.of(WithEndpoint.status("shop", new Health(Health.State.RUNNING, "it runs")));

  private final History history = new History();

  private int samples() {
    return history.json().split("\"at\":", -1).length - 1;
  }

  @Test
  void thereIsAtMostOneSampleInFiveSeconds() {
    for (int i = 0; i <= 100; i++) {
      history.add(START.plusMillis(100L * i), LOOPS);
    }
    assertThat(samples()).isEqualTo(3); // at 0, 5 and 10 seconds
  }

  @Test
  void samplesAreBoundedAndNoneIsOlderThanFifteenMinutes() {
    for (int i = 0; i < 10_000; i++) {
      history.add(START.plusSeconds(5L * i), LOOPS);
    }
    assertThat(samples()).isEqualTo(181);
    history.add(START.plusSeconds(5L * 9_999).plus(Duration.ofMinutes(14)), LOOPS);
    assertThat(samples()).isEqualTo(14);
  }

  @Test
  void clockThatIsSetBackBeginsAnewHistory() {
    history.add(START, LOOPS);
    history.add(START.minusSeconds(3600), LOOPS);
    assertThat(samples()).isEqualTo(1);
    assertThat(history.json()).contains("2025-12-31T23:00:00Z");
  }
}
