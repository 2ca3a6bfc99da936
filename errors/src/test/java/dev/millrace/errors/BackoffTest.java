package dev.millrace.errors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTest {

  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration MAX = Duration.ofSeconds(10);

  private final Random random = new Random(7);

  private List<Long> seconds(Backoff backoff, int attempts) {
    return IntStream.rangeClosed(1, attempts)
        .mapToObj(attempt -> backoff.delay(attempt, random).toSeconds())
        .toList();
  }

  @Test
  void delaysGrowByTheirFormulaUpToTheLongest() {
    assertThat(seconds(Backoff.none(), 3)).containsExactly(0L, 0L, 0L);
    assertThat(seconds(Backoff.fixed(SECOND), 3)).containsExactly(1L, 1L, 1L);
    assertThat(seconds(Backoff.linear(SECOND.multipliedBy(3), MAX), 5))
        .containsExactly(3L, 6L, 9L, 10L, 10L);
    assertThat(seconds(Backoff.exponential(SECOND, MAX), 6))
        .containsExactly(1L, 2L, 4L, 8L, 10L, 10L);
    assertThat(seconds(Backoff.exponential(SECOND.multipliedBy(3), 3, Duration.ofMinutes(1)), 4))
        .containsExactly(3L, 9L, 27L, 60L);
  }

  @Test
  void hugeAttemptsAndDelaysDoNotOverflow() {
    assertThat(Backoff.exponential(SECOND, MAX).delay(Integer.MAX_VALUE, random)).isEqualTo(MAX);
    assertThat(Backoff.linear(SECOND, MAX).delay(Integer.MAX_VALUE, random)).isEqualTo(MAX);
    var longest = Duration.ofSeconds(Long.MAX_VALUE);
    assertThat(Backoff.fixed(longest).withFullJitter().delay(9, random)).isPositive();
    assertThat(Backoff.exponential(Duration.ZERO, MAX).delay(Integer.MAX_VALUE, random)).isZero();
  }

  @Test
  void fullJitterTakesAnyDelayFromZeroOn() {
    var backoff = Backoff.exponential(SECOND, MAX).withFullJitter();
    List<Double> millis = draw(backoff, 3); // 4 s without jitter
    assertThat(millis).allMatch(delay -> delay >= 0 && delay <= 4000);
    assertThat(mean(millis)).isBetween(1900.0, 2100.0);
    assertThat(millis).anyMatch(delay -> delay < 100).anyMatch(delay -> delay > 3900);
  }

  @Test
  void jitterByAFractionSpreadsToBothSides() {
    List<Double> millis = draw(Backoff.fixed(SECOND).withJitter(0.2), 1);
    assertThat(millis).allMatch(delay -> delay >= 800 && delay <= 1200);
    assertThat(mean(millis)).isBetween(990.0, 1010.0);
    assertThat(millis).anyMatch(delay -> delay < 820).anyMatch(delay -> delay > 1180);
  }

  private List<Double> draw(Backoff backoff, int attempt) {
    return IntStream.range(0, 10_000)
        .mapToDouble(i -> backoff.delay(attempt, random).toNanos() / 1e6)
        .boxed()
        .toList();
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(value -> value).average().orElseThrow();
  }

  @Test
  void badPartsAreRefused() {
    assertThatThrownBy(() -> Backoff.fixed(Duration.ofSeconds(-1)))
        .hasMessageContaining("negative");
    assertThatThrownBy(() -> Backoff.linear(MAX, SECOND))
        .hasMessageContaining("less than the first");
    assertThatThrownBy(() -> Backoff.exponential(SECOND, 0.5, MAX)).hasMessageContaining("0.5");
    assertThatThrownBy(() -> Backoff.exponential(SECOND, Double.NaN, MAX))
        .hasMessageContaining("NaN");
    assertThatThrownBy(() -> Backoff.none().withJitter(1.5)).hasMessageContaining("1.5");
    assertThatThrownBy(() -> Backoff.none().delay(0, random)).hasMessageContaining("0");
  }
}
