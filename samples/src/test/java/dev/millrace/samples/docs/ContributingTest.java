package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageReport;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The operator that the page for contributors shows, run on both engines. */
@Timeout(60)
class ContributingTest {

  // doc:begin
  /** Each element with the element before it. Holds one element. */
  static <T> Supplier<Transform<T, List<T>>> neighbours() {
    return () ->
        new Transform<>() { // a new state for each run, and for each copy of a branch
          private @Nullable T last;
          private boolean isAlone = true;

          @Override
          public Outcome accept(T element, Emitter<? super List<T>> out) {
            T before = last;
            last = element;
            if (before != null) {
              isAlone = false;
              out.emit(List.of(before, element));
            }
            return Outcome.USED;
          }

          @Override
          public int holds() { // so that older elements can be settled
            return last == null ? 0 : 1;
          }

          @Override
          public int leftOver() { // so that the ledger balances
            return last != null && isAlone ? 1 : 0;
          }
        };
  }

  // doc:end

  static Stream<Engine> engines() {
    return Stream.of(Engine.channels(), Engine.reactor());
  }

  @ParameterizedTest
  @MethodSource("engines")
  void operatorGivesNeighboursAndItsLedgerBalances(Engine engine) throws Exception {
    for (int count = 0; count < 4; count++) {
      List<Integer> elements = IntStream.range(0, count).boxed().toList();
      var run =
          Pipe.from(Source.of(elements))
              .via("neighbours", neighbours())
              .to(Sink.toList())
              .start(engine, Context.background());
      assertThat(run.join())
          .isEqualTo(IntStream.range(1, count).mapToObj(i -> List.of(i - 1, i)).toList());
      StageReport report = run.report().stage("neighbours");
      assertThat(report.received()).isEqualTo(count);
      assertThat(report.dropped()).isEqualTo(count == 1 ? 1 : 0);
    }
  }
}
