package dev.millrace.pipeline;

import static dev.millrace.pipeline.Machine.machine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.pipeline.transform.TimedTransform;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The batches by a rule, by themselves. */
class BatchesTest {

  private static final Duration HOUR = Duration.ofHours(1);

  @Test
  void weightIsNotExceeded() throws Exception {
    var batch = machine(Batches.<Integer>byWeight(9, 10, x -> x)).accept(4, 5, 2, 8, 1);
    assertThat(batch.end()).containsExactly(List.of(4, 5), List.of(2, 8), List.of(1));
  }

  @Test
  void elementThatIsTooHeavyIsAlone() throws Exception {
    var batch = machine(Batches.<Integer>byWeight(9, 10, x -> x)).accept(1, 50, 1);
    assertThat(batch.emitted).containsExactly(List.of(1), List.of(50));
    assertThat(batch.end()).endsWith(List.of(1));
    var huge = machine(Batches.<Long>byWeight(9, 10, x -> x)).accept(1L, Long.MAX_VALUE, 1L);
    assertThat(huge.end()).hasSize(3);
  }

  @Test
  void elementsWithoutWeightAreLimitedByTheSize() throws Exception {
    assertThat(machine(Batches.<Integer>byWeight(2, 10, x -> 0)).accept(1, 2, 3).end())
        .containsExactly(List.of(1, 2), List.of(3));
  }

  @Test
  void negativeWeightFailsItsElementOnly() throws Exception {
    var batch = machine(Batches.<Integer>byWeight(9, 10, x -> x)).accept(1);
    assertThatThrownBy(() -> batch.accept(-1)).hasMessageContaining("negative: -1");
    assertThat(batch.accept(2).end()).containsExactly(List.of(1, 2));
  }

  @Test
  void predicateEndsABatchWithItsElement() throws Exception {
    assertThat(machine(Batches.<Integer>until(3, x -> x % 2 == 0)).accept(1, 2, 3, 5, 7, 9).end())
        .containsExactly(List.of(1, 2), List.of(3, 5, 7), List.of(9));
  }

  @Test
  void anotherKeyEndsABatchBeforeItsElement() throws Exception {
    var batch = machine(Batches.<String>byKey(2, String::length)).accept("a", "b", "c", "dd", "e");
    assertThat(batch.end())
        .containsExactly(List.of("a", "b"), List.of("c"), List.of("dd"), List.of("e"));
    assertThat(batch.transform.holds()).isZero();
  }

  @Test
  void keyThatFailsLeavesTheBatchAsItIs() throws Exception {
    var batch =
        machine(
            Batches.<Integer>byKey(
                9,
                x -> {
                  if (x < 0) {
                    throw new IOException("no key");
                  }
                  return x / 10;
                }));
    batch.accept(1);
    assertThatThrownBy(() -> batch.accept(-1)).isInstanceOf(IOException.class);
    assertThat(batch.accept(2, 11).end()).containsExactly(List.of(1, 2), List.of(11));
  }

  @Test
  void batchWakesWhenItsFirstElementHasWaited() throws Exception {
    List<Object> emitted = new ArrayList<>();
    TimedTransform<Integer, List<Integer>> batch =
        Batches.<Integer>byKey(9, x -> x / 10, HOUR).get();
    assertThat(batch.wakeAt()).isEqualTo(TimedTransform.NEVER);
    batch.accept(1, emitted::add);
    long first = batch.wakeAt();
    assertThat(first - System.nanoTime()).isPositive().isLessThanOrEqualTo(HOUR.toNanos());
    batch.accept(2, emitted::add);
    assertThat(batch.wakeAt()).as("the time of the first element").isEqualTo(first);
    batch.accept(11, emitted::add);
    assertThat(emitted).containsExactly(List.of(1, 2));
    assertThat(batch.wakeAt()).as("the time of the next batch").isGreaterThan(first);
    batch.elapsed(batch.wakeAt(), emitted::add);
    assertThat(emitted).containsExactly(List.of(1, 2), List.of(11));
    assertThat(batch.wakeAt()).isEqualTo(TimedTransform.NEVER);
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    assertThatThrownBy(() -> Batches.byWeight(0, 1, x -> 1)).hasMessageContaining("size");
    assertThatThrownBy(() -> Batches.byWeight(1, 0, x -> 1)).hasMessageContaining("weight");
    assertThatThrownBy(() -> Batches.until(1, x -> true, Duration.ZERO))
        .hasMessageContaining("time of a batch");
  }
}
