package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The operators of time by themselves. The test plays the engine's clock, so there is no waiting.
 */
class TimedTransformsTest {

  private static final Duration HOUR = Duration.ofHours(1);

  private final List<Object> emitted = new ArrayList<>();

  private static void assertWithinAnHour(long instant, long before) {
    long hour = HOUR.toNanos();
    assertThat(instant - before).isBetween(hour, hour + System.nanoTime() - before);
  }

  @Test
  void batchWakesWhenItsFirstElementHasWaited() throws Exception {
    TimedTransform<Integer, List<Integer>> batch = TimedTransforms.<Integer>batch(3, HOUR).get();
    assertThat(batch.wakeAt()).isEqualTo(TimedTransform.NEVER);
    long before = System.nanoTime();
    batch.accept(1, emitted::add);
    long wakeAt = batch.wakeAt();
    assertWithinAnHour(wakeAt, before);
    batch.accept(2, emitted::add);
    assertThat(batch.wakeAt()).isEqualTo(wakeAt);
    batch.elapsed(wakeAt, emitted::add);
    assertThat(emitted).containsExactly(List.of(1, 2));
    assertThat(batch.wakeAt()).isEqualTo(TimedTransform.NEVER);
  }

  @Test
  void fullBatchDoesNotWait() throws Exception {
    TimedTransform<Integer, List<Integer>> batch = TimedTransforms.<Integer>batch(2, HOUR).get();
    batch.accept(1, emitted::add);
    batch.accept(2, emitted::add);
    assertThat(emitted).containsExactly(List.of(1, 2));
    assertThat(batch.wakeAt()).isEqualTo(TimedTransform.NEVER);
    batch.accept(3, emitted::add);
    batch.end(emitted::add);
    batch.end(emitted::add);
    assertThat(emitted).containsExactly(List.of(1, 2), List.of(3));
  }

  @Test
  void throttleLetsABurstPassAndThenOneEachInterval() throws Exception {
    TimedTransform<Integer, Integer> throttle = TimedTransforms.<Integer>throttle(4, HOUR).get();
    long quarter = HOUR.toNanos() / 4;
    assertThat(throttle.acceptAt()).isEqualTo(Long.MIN_VALUE);
    long before = System.nanoTime();
    for (int i = 0; i < 4; i++) {
      assertThat(throttle.acceptAt()).as("token %s", i).isLessThanOrEqualTo(System.nanoTime());
      assertThat(throttle.accept(i, emitted::add)).isEqualTo(Outcome.USED);
    }
    long spent = System.nanoTime() - before;
    assertThat(emitted).hasSize(4);
    assertThat(throttle.acceptAt() - before).isBetween(quarter, quarter + spent);
    assertThat(throttle.wakeAt()).isEqualTo(TimedTransform.NEVER);
  }

  @Test
  void throttleOfOneHasNoBurst() throws Exception {
    TimedTransform<Integer, Integer> throttle = TimedTransforms.<Integer>throttle(1, HOUR).get();
    long before = System.nanoTime();
    throttle.accept(1, emitted::add);
    assertWithinAnHour(throttle.acceptAt(), before);
  }

  @Test
  void throttleFasterThanTheClockDoesNotOverflow() throws Exception {
    TimedTransform<Integer, Integer> throttle =
        TimedTransforms.<Integer>throttle(Integer.MAX_VALUE, Duration.ofNanos(1)).get();
    for (int i = 0; i < 100; i++) {
      throttle.accept(i, emitted::add);
      assertThat(throttle.acceptAt()).isLessThanOrEqualTo(System.nanoTime());
    }
  }

  @Test
  void debounceWaitsAnewWithEachElement() throws Exception {
    TimedTransform<Integer, Integer> debounce = TimedTransforms.<Integer>debounce(HOUR).get();
    assertThat(debounce.wakeAt()).isEqualTo(TimedTransform.NEVER);
    assertThat(debounce.accept(1, emitted::add)).isEqualTo(Outcome.USED);
    long before = System.nanoTime();
    assertThat(debounce.accept(2, emitted::add)).isEqualTo(Outcome.DROPPED);
    assertWithinAnHour(debounce.wakeAt(), before);
    debounce.elapsed(debounce.wakeAt(), emitted::add);
    assertThat(emitted).containsExactly(2);
    assertThat(debounce.wakeAt()).isEqualTo(TimedTransform.NEVER);
    assertThat(debounce.accept(3, emitted::add)).isEqualTo(Outcome.USED);
    debounce.end(emitted::add);
    assertThat(emitted).containsExactly(2, 3);
  }

  @Test
  void sampleEndsItsPeriodHoweverManyCome() throws Exception {
    TimedTransform<Integer, Integer> sample = TimedTransforms.<Integer>sample(HOUR).get();
    sample.accept(1, emitted::add);
    long wakeAt = sample.wakeAt();
    assertThat(sample.accept(2, emitted::add)).isEqualTo(Outcome.DROPPED);
    assertThat(sample.wakeAt()).isEqualTo(wakeAt);
    sample.elapsed(wakeAt, emitted::add);
    sample.elapsed(wakeAt, emitted::add);
    sample.end(emitted::add);
    assertThat(emitted).containsExactly(2);
  }
}
