package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.pipeline.transform.TimedTransform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The windows of time by themselves. The test plays the engine's clock, so there is no waiting. */
class WindowsTest {

  private static final Duration HOUR = Duration.ofHours(1);

  private final List<Object> emitted = new ArrayList<>();

  private void accept(TimedTransform<Integer, List<Integer>> window, int... elements)
      throws Exception {
    for (int element : elements) {
      window.accept(element, emitted::add);
    }
  }

  private void elapse(TimedTransform<Integer, List<Integer>> window) throws Exception {
    window.elapsed(window.wakeAt(), emitted::add);
  }

  @Test
  void tumblingWindowsEndOnAGridFromTheStart() throws Exception {
    long before = System.nanoTime();
    var window = Windows.<Integer>tumbling(HOUR, 3).get();
    long after = System.nanoTime();
    assertThat(window.wakeAt()).isEqualTo(TimedTransform.NEVER);
    accept(window, 1);
    assertThat(window.wakeAt() - HOUR.toNanos()).isBetween(before, after);
    long tick = window.wakeAt();
    accept(window, 2);
    assertThat(window.wakeAt()).isEqualTo(tick);
    elapse(window);
    accept(window, 3, 4, 5, 6);
    assertThat(emitted).containsExactly(List.of(1, 2), List.of(3, 4, 5));
    assertThat(window.wakeAt()).as("the same grid").isEqualTo(tick);
    assertThat(window.holds()).isEqualTo(1);
    window.end(emitted::add);
    assertThat(emitted).endsWith(List.of(6));
  }

  @Test
  void lateElementDoesNotMoveTheEndOfATumblingWindow() throws Exception {
    var window = Windows.<Integer>tumbling(Duration.ofNanos(10), 3).get();
    accept(window, 1);
    long tick = window.wakeAt();
    while (System.nanoTime() - tick < 100) {
      Thread.onSpinWait();
    }
    accept(window, 2);
    assertThat(window.wakeAt()).isEqualTo(tick);
  }

  @Test
  void eachElementExtendsASession() throws Exception {
    var window = Windows.<Integer>session(HOUR, 9).get();
    accept(window, 1);
    long first = window.wakeAt();
    while (System.nanoTime() - (first - HOUR.toNanos()) < 1_000) {
      Thread.onSpinWait();
    }
    accept(window, 2);
    assertThat(window.wakeAt()).isGreaterThan(first);
    elapse(window);
    assertThat(emitted).containsExactly(List.of(1, 2));
    assertThat(window.wakeAt()).isEqualTo(TimedTransform.NEVER);
  }

  @Test
  void slidingWindowsShareElementsUntilTheyAreTooOld() throws Exception {
    var window = Windows.<Integer>sliding(Duration.ofHours(2), HOUR, 9).get();
    accept(window, 1, 2);
    elapse(window);
    assertThat(emitted).containsExactly(List.of(1, 2));
    assertThat(window.holds()).isEqualTo(2);
    elapse(window);
    assertThat(emitted).as("in two windows").containsExactly(List.of(1, 2), List.of(1, 2));
    assertThat(window.holds()).isZero();
    assertThat(window.wakeAt()).isEqualTo(TimedTransform.NEVER);
  }

  @Test
  void elementAfterTheInstantOfAStepBelongsToTheNextWindow() throws Exception {
    var window = Windows.<Integer>sliding(Duration.ofNanos(2), Duration.ofNanos(2), 9).get();
    accept(window, 1);
    long tick = window.wakeAt();
    while (System.nanoTime() - tick <= 0) {
      Thread.onSpinWait();
    }
    accept(window, 2);
    elapse(window);
    assertThat(emitted).containsExactly(List.of(1));
    while (window.wakeAt() != TimedTransform.NEVER) {
      elapse(window);
    }
    assertThat(emitted).containsExactly(List.of(1), List.of(2));
  }

  @Test
  void fullSlidingWindowTakesNoElementBeforeTheNextStep() throws Exception {
    var window = Windows.<Integer>sliding(HOUR, HOUR, 2).get();
    accept(window, 1);
    assertThat(window.acceptAt()).isEqualTo(Long.MIN_VALUE);
    accept(window, 2);
    assertThat(window.acceptAt()).isEqualTo(window.wakeAt());
    elapse(window);
    assertThat(window.acceptAt()).isEqualTo(Long.MIN_VALUE);
  }

  @Test
  void endEmitsOnlyWhatWasInNoWindow() throws Exception {
    var window = Windows.<Integer>sliding(Duration.ofHours(2), HOUR, 9).get();
    accept(window, 1);
    elapse(window);
    window.end(emitted::add);
    assertThat(emitted).containsExactly(List.of(1));
    var other = Windows.<Integer>sliding(Duration.ofHours(2), HOUR, 9).get();
    accept(other, 1, 2);
    other.end(emitted::add);
    assertThat(emitted).containsExactly(List.of(1), List.of(1, 2));
    assertThat(other.holds()).isZero();
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    assertThatThrownBy(() -> Windows.sliding(HOUR, HOUR.plusNanos(1), 1))
        .hasMessageContaining("step of a window must be at most its length");
    assertThatThrownBy(() -> Windows.tumbling(HOUR, 0)).hasMessageContaining("number of elements");
    assertThatThrownBy(() -> Windows.session(Duration.ZERO, 1)).hasMessageContaining("gap");
  }

  @Test
  void timeOfASlowNextStageIsNoSilence() throws Exception {
    var idle = TimedOperators.<Integer>idleTimeout(HOUR).get();
    long first = idle.wakeAt();
    idle.accept(
        1,
        x -> {
          long start = System.nanoTime();
          while (System.nanoTime() - start < 1_000_000) {
            Thread.onSpinWait();
          }
        });
    assertThat(idle.wakeAt() - first).isGreaterThanOrEqualTo(1_000_000);
  }
}
