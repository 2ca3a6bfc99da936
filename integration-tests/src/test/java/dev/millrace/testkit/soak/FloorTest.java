package dev.millrace.testkit.soak;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FloorTest {

  private final Floor floor = new Floor(1);

  private void see(long... values) {
    for (long value : values) {
      floor.add(value);
    }
  }

  @Test
  void whatRisesHasGrown() {
    see(0, 10, 30, 20, 40, 30, 50);
    assertThat(floor.growth()).isEqualTo(20);
  }

  @Test
  void whatGoesUpAndDownHasNotGrown() {
    see(0, 10, 20, 20, 20, 10, 90);
    assertThat(floor.growth()).isZero();
  }

  @Test
  void warmUpAndFewValuesTellNothing() {
    see(1_000_000, 10, 20, 30, 40, 50);
    assertThat(floor.growth()).isZero();
  }
}
