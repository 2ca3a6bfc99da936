package dev.millrace.testkit.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TrendTest {

  private final Trend trend = new Trend(1);

  private void see(long... values) {
    for (long value : values) {
      trend.add(value);
    }
  }

  @Test
  void whatRisesEvenlyHasGrownByItsRise() {
    see(0, 10, 20, 30, 40);
    assertThat(trend.growth()).isCloseTo(30, within(1e-9));
  }

  @Test
  void whatGoesUpAndDownHasNotGrown() {
    see(0, 10, 20, 20, 10);
    assertThat(trend.growth()).isCloseTo(0, within(1e-9));
  }

  @Test
  void warmUpAndFewValuesTellNothing() {
    see(1_000_000, 10, 20);
    assertThat(trend.growth()).isZero();
  }
}
