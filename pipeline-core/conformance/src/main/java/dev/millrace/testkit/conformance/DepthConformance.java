package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A pipeline that is too deep is refused when it is built. A pipeline of the maximum depth runs
 * without a stack overflow.
 */
abstract class DepthConformance extends Theme {

  /** The maximum number of stages in a row that are not sequential, including the source. */
  private static final int DEPTH = 200;

  /** A kind of stage that adds to the depth. */
  @SuppressWarnings("ImmutableEnumChecker") // functions without state
  enum Nesting {
    CONCAT((pipe, name) -> Pipe.concat(name, List.of(pipe))),
    CONCAT_OF_TWO((pipe, name) -> Pipe.concat(name, List.of(none(name), pipe))),
    MERGE((pipe, name) -> Pipe.merge(name, List.of(pipe))),
    MERGE_OF_TWO((pipe, name) -> Pipe.merge(name, List.of(none(name), pipe))),
    MAP_PARALLEL((pipe, name) -> pipe.mapParallel(name, 1, x -> x)),
    BUFFER((pipe, name) -> pipe.buffer(name, 1)),
    THROTTLE((pipe, name) -> pipe.throttle(name, 1_000_000, Duration.ofMillis(1))),
    ZIP((pipe, name) -> pipe.zip(name, Pipe.from(name + " other", Numbers.endless()), (x, y) -> x)),
    BALANCE((pipe, name) -> pipe.balance(name, 1, lane -> lane));

    private final BiFunction<Pipe<Integer>, String, Pipe<Integer>> adding;

    Nesting(BiFunction<Pipe<Integer>, String, Pipe<Integer>> adding) {
      this.adding = adding;
    }

    private static Pipe<Integer> none(String name) {
      return Pipe.from(name + " other", Source.of(List.of()));
    }

    private Pipe<Integer> nested(int times) {
      Pipe<Integer> pipe = Pipe.from(Source.of(List.of(1, 2, 3)));
      for (int i = 0; i < times; i++) {
        pipe = adding.apply(pipe, "level " + i);
      }
      return pipe;
    }
  }

  @ParameterizedTest
  @EnumSource
  void deepPipelinesRun(Nesting nesting) {
    int most = nesting == Nesting.BALANCE ? DEPTH / 2 : DEPTH - 1;
    assertThat(run(nesting.nested(most).to(Sink.<Integer>toList())).result())
        .containsExactlyInAnyOrder(1, 2, 3);
  }

  @ParameterizedTest
  @EnumSource
  void deeperOnesAreRefused(Nesting nesting) {
    for (int depth : new int[] {DEPTH, 2_000}) {
      Pipe<Integer> deep = nesting.nested(depth);
      assertThatThrownBy(() -> deep.to(Sink.count()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at most 200 stages may follow each other");
    }
  }

  @Test
  void branchesInBranchesCountAsWell() {
    assertThat(run(branches(60).to(Sink.count())).result()).isEqualTo(3);
    assertThatThrownBy(() -> branches(DEPTH).to(Sink.count()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("too deep");
  }

  private static Pipe<Integer> branches(int levels) {
    return inside(Pipe.from(Source.of(List.of(1, 2, 3))), levels);
  }

  private static Pipe<Integer> inside(Pipe<Integer> pipe, int levels) {
    return levels == 0
        ? pipe
        : pipe.balance("level " + levels, 1, lane -> inside(lane, levels - 1));
  }

  @Test
  void thousandsOfSequentialStagesRun() {
    Pipe<Integer> pipe = Pipe.from(Source.of(List.of(1, 2, 3)));
    for (int i = 0; i < 1_500; i++) {
      pipe = i % 10 == 0 ? pipe.skip("stage " + i, 0) : pipe.map("stage " + i, x -> x + 1);
    }
    var pipeline = pipe.to(Sink.<Integer>toList());
    assertThat(run(pipeline).wholeResult()).containsExactly(1_351, 1_352, 1_353);
    assertThat(pipeline.mermaid()).contains("stage 1499");
  }
}
