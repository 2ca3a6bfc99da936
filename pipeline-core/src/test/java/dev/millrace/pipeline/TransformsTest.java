package dev.millrace.pipeline;

import static dev.millrace.pipeline.Machine.machine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.pipeline.transform.Transform.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The sequential operators by themselves, as state machines. */
class TransformsTest {

  @Test
  void mapEmitsOneForEach() throws Exception {
    var map = machine(Transforms.<Integer, String>map(x -> "<" + x + ">")).accept(1, 2);
    assertThat(map.end()).containsExactly("<1>", "<2>");
    assertThat(map.outcomes).containsOnly(Outcome.USED);
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void functionsMustNotReturnNull() {
    assertThatThrownBy(() -> machine(Transforms.<Integer, String>map(x -> null)).accept(1))
        .hasMessageContaining("returned null");
    assertThatThrownBy(() -> machine(Transforms.<Integer>filter(x -> null)).accept(1))
        .hasMessageContaining("returned null");
    assertThatThrownBy(() -> machine(Transforms.<Integer>takeWhile(x -> null)).accept(1))
        .hasMessageContaining("returned null");
    assertThatThrownBy(() -> machine(Transforms.<Integer>distinct(x -> null)).accept(1))
        .hasMessageContaining("returned null");
    assertThatThrownBy(() -> machine(FlatMap.<Integer, Integer>ofIterables(x -> null)).accept(1))
        .hasMessageContaining("returned null");
    assertThatThrownBy(
            () -> machine(Transforms.<Integer, Integer>scan(() -> 0, (s, x) -> null)).accept(1))
        .hasMessageContaining("returned null");
    var nullInside = machine(FlatMap.<Integer, Integer>ofIterables(x -> Arrays.asList(x, null, x)));
    assertThatThrownBy(() -> nullInside.accept(1)).hasMessageContaining("returned null");
    assertThat(nullInside.emitted).containsExactly(1);
  }

  @Test
  void filterDropsOnPurpose() throws Exception {
    var filter = machine(Transforms.<Integer>filter(x -> x % 2 == 0)).accept(1, 2);
    assertThat(filter.end()).containsExactly(2);
    assertThat(filter.outcomes).containsExactly(Outcome.DROPPED, Outcome.USED);
  }

  @Test
  void flatMapEmitsAnyNumber() throws Exception {
    var flat =
        machine(FlatMap.<Integer, Integer>ofIterables(x -> java.util.Collections.nCopies(x, x)))
            .accept(0, 1, 3);
    assertThat(flat.end()).containsExactly(1, 3, 3, 3);
    assertThat(flat.outcomes).containsOnly(Outcome.USED);
  }

  @Test
  void teeShowsBeforeItEmits() throws Exception {
    List<String> order = new ArrayList<>();
    var tee = Transforms.<Integer>tee(x -> order.add("seen " + x)).get();
    tee.accept(1, x -> order.add("emitted " + x));
    assertThat(order).containsExactly("seen 1", "emitted 1");
    var boom = new IOException("boom");
    var failing =
        machine(
            Transforms.<Integer>tee(
                x -> {
                  throw boom;
                }));
    assertThatThrownBy(() -> failing.accept(1)).isSameAs(boom);
    assertThat(failing.emitted).isEmpty();
  }

  @Test
  void scanEmitsEachState() throws Exception {
    assertThat(
            machine(Transforms.<Integer, Integer>scan(() -> 10, Integer::sum)).accept(1, 2).end())
        .containsExactly(11, 13);
  }

  @Test
  void scanKeepsItsStateWhenTheFoldFails() throws Exception {
    var scan =
        machine(
            Transforms.<Integer, Integer>scan(
                () -> 0,
                (state, x) -> {
                  if (x < 0) {
                    throw new IOException("negative");
                  }
                  return state + x;
                }));
    scan.accept(1);
    assertThatThrownBy(() -> scan.accept(-5)).isInstanceOf(IOException.class);
    assertThat(scan.accept(2).end()).containsExactly(1, 3);
  }

  @Test
  void takeOfNothingWantsNothing() {
    assertThat(Transforms.take(0).get().wantsNone()).isTrue();
    assertThat(Transforms.take(1).get().wantsNone()).isFalse();
  }

  @Test
  void takeSaysWhichIsTheLast() throws Exception {
    assertThat(machine(Transforms.<Integer>take(1)).accept(7).outcomes)
        .containsExactly(Outcome.LAST);
    var take = machine(Transforms.<Integer>take(3)).accept(1, 2, 3);
    assertThat(take.outcomes).containsExactly(Outcome.USED, Outcome.USED, Outcome.LAST);
    assertThat(take.end()).containsExactly(1, 2, 3);
    assertThat(take.transform.wantsNone()).isTrue();
  }

  @Test
  void skipDropsTheFirst() throws Exception {
    assertThat(machine(Transforms.<Integer>skip(0)).accept(1).end()).containsExactly(1);
    var skip = machine(Transforms.<Integer>skip(2)).accept(1, 2, 3, 4);
    assertThat(skip.end()).containsExactly(3, 4);
    assertThat(skip.outcomes)
        .containsExactly(Outcome.DROPPED, Outcome.DROPPED, Outcome.USED, Outcome.USED);
  }

  @Test
  void takeWhileEndsWithTheFirstThatDoesNotFit() throws Exception {
    var take = machine(Transforms.<Integer>takeWhile(x -> x < 3)).accept(1, 2, 3);
    assertThat(take.end()).containsExactly(1, 2);
    assertThat(take.outcomes).endsWith(Outcome.DROPPED_LAST);
  }

  @Test
  void distinctKeepsTheFirstOfEachKey() throws Exception {
    var distinct = machine(Transforms.<String>distinct(String::length)).accept("a", "b", "cc", "d");
    assertThat(distinct.end()).containsExactly("a", "cc");
    assertThat(distinct.outcomes)
        .containsExactly(Outcome.USED, Outcome.DROPPED, Outcome.USED, Outcome.DROPPED);
  }

  @Test
  void batchEndsWithAShorterOne() throws Exception {
    assertThat(machine(Transforms.<Integer>batch(2)).accept(1, 2, 3).end())
        .containsExactly(List.of(1, 2), List.of(3));
    assertThat(machine(Transforms.<Integer>batch(2)).accept(1, 2).end())
        .containsExactly(List.of(1, 2));
    assertThat(machine(Transforms.<Integer>batch(2)).end()).isEmpty();
  }

  @Test
  void batchesBelongToWhoeverGetsThem() throws Exception {
    var batch = machine(Transforms.<Integer>batch(2)).accept(1, 2);
    batch.emitted.getFirst().clear();
    assertThat(batch.accept(3, 4).end().getLast()).containsExactly(3, 4);
  }

  @Test
  void windowsSlide() throws Exception {
    assertThat(machine(Transforms.<Integer>window(3, 1, false)).accept(1, 2, 3, 4).end())
        .containsExactly(List.of(1, 2, 3), List.of(2, 3, 4));
    assertThat(machine(Transforms.<Integer>window(2, 2, false)).accept(1, 2, 3, 4, 5).end())
        .containsExactly(List.of(1, 2), List.of(3, 4));
  }

  @Test
  void windowsThatAreApartDropWhatIsBetween() throws Exception {
    var window = machine(Transforms.<Integer>window(1, 3, false)).accept(1, 2, 3, 4, 5);
    assertThat(window.end()).containsExactly(List.of(1), List.of(4));
    assertThat(window.outcomes)
        .containsExactly(
            Outcome.USED, Outcome.DROPPED, Outcome.DROPPED, Outcome.USED, Outcome.DROPPED);
  }

  @Test
  void eachRunHasAStateOfItsOwn() throws Exception {
    var take = Transforms.<Integer>take(1);
    assertThat(machine(take).accept(1).end()).containsExactly(1);
    assertThat(machine(take).accept(2).end()).containsExactly(2);
    var distinct = Transforms.<Integer>distinct(x -> x);
    assertThat(machine(distinct).accept(1).end()).containsExactly(1);
    assertThat(machine(distinct).accept(1).end()).containsExactly(1);
  }
}
