package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.SourceFailure;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A source is not read ahead of sequential stages. */
@Timeout(60)
class SourceReadAheadTest {

  private static final int BEFORE = 3;

  /** Fails after its first elements. */
  private static Source<Integer> failing() {
    return context ->
        new Source.Cursor<>() {
          private int next;

          @Override
          public @Nullable Integer next() throws IOException {
            if (next == BEFORE) {
              throw new IOException("boom");
            }
            return next++;
          }
        };
  }

  static Stream<Arguments> enginesAndPolicies() {
    return Stream.of(Engine.channels(), Engine.reactor())
        .flatMap(
            engine ->
                Stream.of(SourceFailure.values()).map(policy -> Arguments.of(engine, policy)));
  }

  @ParameterizedTest
  @MethodSource("enginesAndPolicies")
  void takeInTheCallOfItsSourceDoesNotMeetAFailureBehindIt(Engine engine, SourceFailure policy)
      throws Exception {
    var pipeline =
        Pipe.from(failing().onFailure(policy))
            .map("map", x -> x)
            .take("take", BEFORE)
            .to(Sink.<Integer>toList());
    try (var run =
        pipeline.start(
            engine,
            Context.background(),
            failure -> {
              throw failure.toException();
            })) {
      assertThat(run.join()).isEqualTo(List.of(0, 1, 2));
    }
  }
}
