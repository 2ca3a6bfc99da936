package dev.millrace.pipeline;

import static dev.millrace.pipeline.Machine.machine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.pipeline.transform.Transform.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The operators of {@link Operators} by themselves: what they emit, drop and hold. */
class OperatorsTest {

  @Test
  void changesDropRepetitionsOnly() throws Exception {
    var changes = machine(Operators.<Integer>distinctUntilChanged()).accept(1, 1, 2, 1);
    assertThat(changes.end()).containsExactly(1, 2, 1);
    assertThat(changes.outcomes)
        .containsExactly(Outcome.USED, Outcome.DROPPED, Outcome.USED, Outcome.USED);
  }

  @Test
  void changesKeepTheirKeyWhenTheFunctionFails() throws Exception {
    var changes =
        machine(
            Operators.<Integer>distinctUntilChanged(
                x -> {
                  if (x < 0) {
                    throw new IOException("no key");
                  }
                  return x / 10;
                }));
    changes.accept(1);
    assertThatThrownBy(() -> changes.accept(-1)).isInstanceOf(IOException.class);
    assertThat(changes.accept(2, 11).end()).containsExactly(1, 11);
  }

  @Test
  void boundedDistinctForgetsTheKeySeenLeastRecently() throws Exception {
    var distinct = machine(Operators.<Integer>distinct(x -> x, 2)).accept(1, 2, 1, 3, 1, 2);
    assertThat(distinct.end()).containsExactly(1, 2, 3, 2);
    assertThatThrownBy(() -> Operators.distinct(x -> x, 0)).hasMessageContaining("capacity");
  }

  @Test
  void skipWhileAsksNoMoreAfterTheFirstThatPasses() throws Exception {
    var skip = machine(Operators.<Integer>skipWhile(x -> x < 3)).accept(1, 2, 3, 1);
    assertThat(skip.end()).containsExactly(3, 1);
    assertThat(skip.outcomes)
        .containsExactly(Outcome.DROPPED, Outcome.DROPPED, Outcome.USED, Outcome.USED);
  }

  @Test
  void takeUntilEmitsTheElementThatEndsIt() throws Exception {
    var take = machine(Operators.<Integer>takeUntil(x -> x == 2)).accept(1, 2);
    assertThat(take.end()).containsExactly(1, 2);
    assertThat(take.outcomes).containsExactly(Outcome.USED, Outcome.LAST);
  }

  @Test
  void everyStartsWithTheFirst() throws Exception {
    assertThat(machine(Operators.<Integer>every(3)).accept(0, 1, 2, 3, 4, 5, 6).end())
        .containsExactly(0, 3, 6);
    assertThat(machine(Operators.<Integer>every(1)).accept(0, 1).end()).containsExactly(0, 1);
  }

  @Test
  void sampleFirstEmitsAgainAfterThePeriod() throws Exception {
    var hour = machine(Operators.<Integer>sampleFirst(Duration.ofHours(1))).accept(1, 2, 3);
    assertThat(hour.emitted).containsExactly(1);
    var nano = machine(Operators.<Integer>sampleFirst(Duration.ofNanos(1)));
    long start = System.nanoTime();
    nano.accept(1);
    while (System.nanoTime() - start < 2_000) {
      Thread.onSpinWait();
    }
    assertThat(nano.accept(2).emitted).containsExactly(1, 2);
  }

  @Test
  void takeLastHoldsAndCountsTheReplacedOnes() throws Exception {
    var last = machine(Operators.<Integer>takeLast(2)).accept(1, 2, 3);
    assertThat(last.emitted).isEmpty();
    assertThat(last.transform.holds()).isEqualTo(2);
    assertThat(last.outcomes).containsExactly(Outcome.USED, Outcome.USED, Outcome.DROPPED);
    assertThat(last.end()).containsExactly(2, 3);
    assertThat(last.transform.holds()).isZero();
  }

  @Test
  void skipLastDropsWhatItHoldsAtTheEnd() throws Exception {
    var skip = machine(Operators.<Integer>skipLast(2)).accept(1, 2, 3);
    assertThat(skip.emitted).containsExactly(1);
    assertThat(skip.transform.holds()).isEqualTo(2);
    assertThat(skip.end()).containsExactly(1);
    assertThat(skip.transform.leftOver()).isEqualTo(2);
    assertThat(skip.transform.holds()).as("dropped on purpose, so settled").isZero();
  }

  @Test
  void indexCountsFromZero() throws Exception {
    assertThat(machine(Operators.<String>zipWithIndex()).accept("a", "b").end())
        .containsExactly(new Indexed<>(0, "a"), new Indexed<>(1, "b"));
  }

  @Test
  void separatorStandsBetweenElementsOnly() throws Exception {
    assertThat(machine(Operators.intersperse(",")).accept("a", "b", "c").end())
        .containsExactly("a", ",", "b", ",", "c");
    assertThat(machine(Operators.intersperse(",")).end()).isEmpty();
  }

  @Test
  void startAndEndFrameAlsoNothing() throws Exception {
    assertThat(machine(Operators.intersperse("[", ",", "]")).accept("a", "b").end())
        .containsExactly("[", "a", ",", "b", "]");
    assertThat(machine(Operators.intersperse("[", ",", "]")).end()).containsExactly("[", "]");
  }

  @Test
  void defaultStandsForNothing() throws Exception {
    assertThat(machine(Operators.defaultIfEmpty(7)).end()).containsExactly(7);
    assertThat(machine(Operators.defaultIfEmpty(7)).accept(1).end()).containsExactly(1);
  }

  @Test
  void eachRunHasAStateOfItsOwn() throws Exception {
    var every = Operators.<Integer>every(2);
    assertThat(machine(every).accept(1).end()).containsExactly(1);
    assertThat(machine(every).accept(2).end()).containsExactly(2);
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    assertThatThrownBy(() -> Operators.every(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Operators.takeLast(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Operators.skipLast(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Operators.sampleFirst(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void pipesTakeThemWithoutTypeArguments() throws Exception {
    var pipeline =
        Pipe.from(Source.of(List.of(1, 1, 2, 3, 3, 4)))
            .via("changes", Operators.distinctUntilChanged(x -> x))
            .via("rest", Operators.skipWhile(x -> x < 2))
            .through(pipe -> pipe.via("index", Operators.zipWithIndex()))
            .map("text", x -> x.index() + ":" + x.element())
            .to(Sink.toList());
    try (var run = pipeline.start(new LoopEngine(), dev.millrace.context.Context.background())) {
      assertThat(run.join()).containsExactly("0:2", "1:3", "2:4");
    }
  }
}
