package dev.millrace.stages.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.StageConsumer;
import java.util.List;
import java.util.stream.IntStream;

/** What the tests of the engine do again and again. */
final class Runs {

  static final Engine ENGINE = Engine.reactor();

  private Runs() {}

  /** The numbers from 1 to {@code n}. */
  static List<Integer> upTo(int n) {
    return IntStream.rangeClosed(1, n).boxed().toList();
  }

  /** The result of the pipeline, whose books must balance. */
  static <R> R run(Pipeline<R> pipeline) throws Exception {
    try (Run<R> run = pipeline.start(ENGINE, Context.background())) {
      R result = run.join();
      assertBalanced(run);
      return result;
    }
  }

  /** As {@link #run(Pipeline)}, with a failure handler. */
  static <R> R run(Pipeline<R> pipeline, StageConsumer<Failure<?>> onFailure) throws Exception {
    try (Run<R> run = pipeline.start(ENGINE, Context.background(), onFailure)) {
      R result = run.join();
      assertBalanced(run);
      return result;
    }
  }

  /** Each element of each stage of a run that has ended is in exactly one place. */
  static void assertBalanced(Run<?> run) {
    var report = run.report();
    assertThat(report.done()).isTrue();
    assertThat(report.balances()).as("%s", report).isTrue();
    assertThat(report.stages())
        .allSatisfy(
            stage -> {
              assertThat(stage.inFlight()).isZero();
              assertThat(stage.queued()).isZero();
            });
  }
}
