package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.testkit.conformance.Plan.Buffering;
import dev.millrace.testkit.conformance.Plan.Faults;
import dev.millrace.testkit.conformance.Plan.Filtering;
import dev.millrace.testkit.conformance.Plan.Flattening;
import dev.millrace.testkit.conformance.Plan.Join;
import dev.millrace.testkit.conformance.Plan.Joining;
import dev.millrace.testkit.conformance.Plan.Mapping;
import dev.millrace.testkit.conformance.Plan.Memory;
import dev.millrace.testkit.conformance.Plan.Remembering;
import dev.millrace.testkit.conformance.Plan.Spread;
import dev.millrace.testkit.conformance.Plan.Spreading;
import dev.millrace.testkit.conformance.Plan.Step;
import dev.millrace.testkit.conformance.Plan.Way;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Random pipelines, compared with a sequential model.
 *
 * <p>Each property prints its seed. With {@code -Dconformance.plans=100}, each try runs 100 plans.
 * Default: 1.
 */
abstract class RandomPipelines extends RandomSettlements {

  private static final int TRIES = 100;

  // The parts to draw

  private static Arbitrary<Faults> faults() {
    return Combinators.combine(Arbitraries.of(0, 0, 2, 3, 7), Arbitraries.of(0, 0, 0, 11))
        .as(Faults::new);
  }

  private static Arbitrary<Integer> few() {
    return Arbitraries.integers().between(1, 4);
  }

  private static Arbitrary<Step> step(int depth) {
    Arbitrary<Step> mapping =
        Combinators.combine(Arbitraries.of(Way.class), few(), few(), faults()).as(Mapping::new);
    Arbitrary<Step> filtering = Combinators.combine(few(), faults()).as(Filtering::new);
    Arbitrary<Step> flattening = Combinators.combine(few(), faults()).as(Flattening::new);
    Arbitrary<Step> remembering =
        Combinators.combine(Arbitraries.of(Memory.class), few()).as(Remembering::new);
    Arbitrary<Step> buffering = few().map(Buffering::new);
    Arbitrary<Step> joining =
        Combinators.combine(Arbitraries.of(Join.class), Arbitraries.integers().between(0, 10))
            .as(Joining::new);
    if (depth == 0) {
      return Arbitraries.oneOf(mapping, mapping, filtering, flattening, remembering, buffering);
    }
    Arbitrary<Step> spreading =
        Combinators.combine(Arbitraries.of(Spread.class), few(), steps(depth - 1, 3))
            .as(Spreading::new);
    return Arbitraries.oneOf(
        mapping, mapping, filtering, flattening, remembering, buffering, joining, spreading);
  }

  private static Arbitrary<List<Step>> steps(int depth, int most) {
    return step(depth).list().ofMaxSize(most);
  }

  static Arbitrary<Plan> plan() {
    return Combinators.combine(Arbitraries.integers().between(0, 40), steps(2, 6)).as(Plan::new);
  }

  private static <T> Arbitrary<List<T>> several(Arbitrary<T> arbitrary) {
    return arbitrary.list().ofSize(Integer.getInteger("conformance.plans", 1));
  }

  /** Plans for runs without disturbance. */
  @Provide
  protected Arbitrary<List<Plan>> plans() {
    return several(plan());
  }

  /** The disturbance of a run before its end. */
  enum Accident {
    CANCELLED,
    THROWS_ERROR,
    DRAINED,
    WANTS_NO_MORE,
    HANDLER_THROWS
  }

  /**
   * A plan with its disturbance.
   *
   * @param at the number of the function call in which the disturbance happens, from 1
   */
  record Disturbed(Plan plan, Accident accident, int at) {}

  /** Plans for runs with a disturbance. */
  @Provide
  protected Arbitrary<List<Disturbed>> disturbances() {
    return several(
        Combinators.combine(
                plan(), Arbitraries.of(Accident.class), Arbitraries.integers().between(1, 60))
            .as(Disturbed::new));
  }

  // The promises

  /** The results, failures and counts match the model. */
  @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE)
  protected void randomPipelineDoesWhatTheModelDoes(@ForAll("plans") List<Plan> plans) {
    plans.forEach(this::compare);
  }

  final void compare(Plan plan) {
    Pipeline<List<Integer>> pipeline = plan.pipe(() -> {}).to(Sink.<Integer>toList());
    Ended<List<Integer>> ended = start(pipeline, Context.background(), failure -> {}).end();
    new RandomPipeline(plan).check(ended.wholeResult(), ended.failures(), ended.report());
  }

  private <R> Trial<R> start(
      Pipeline<R> pipeline, Context context, StageConsumer<? super Failure<?>> onFailure) {
    return new Trial<>(kit(), kit().engine(), pipeline, context, onFailure);
  }

  /** The run ends as it must, its counts balance, and only the expected elements fail. */
  @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE)
  protected void disturbedPipelineEndsAsItMust(@ForAll("disturbances") List<Disturbed> plans) {
    plans.forEach(this::disturb);
  }

  final void disturb(Disturbed disturbed) {
    var cause = new IllegalStateException("cancelled by a function");
    var error = new StackOverflowError("thrown by a function");
    var calls = new AtomicInteger();
    var trials = new CompletableFuture<Trial<Long>>();
    try (CancellableContext context = Context.background().withCancel()) {
      RandomPipeline.Hook hook =
          () -> {
            if (calls.incrementAndGet() == disturbed.at()) {
              switch (disturbed.accident()) {
                case CANCELLED -> context.cancel(cause);
                case THROWS_ERROR -> throw error;
                case DRAINED -> trials.get().run().drain(Duration.ofMinutes(5));
                case WANTS_NO_MORE, HANDLER_THROWS -> {
                  // elsewhere
                }
              }
            }
          };
      var handled = new AtomicInteger();
      StageConsumer<Failure<?>> handler =
          failure -> {
            boolean isIt = handled.incrementAndGet() == disturbed.at() % 10;
            if (isIt && disturbed.accident() == Accident.HANDLER_THROWS) {
              throw cause;
            }
          };
      var pipe = disturbed.plan().pipe(hook);
      if (disturbed.accident() == Accident.WANTS_NO_MORE) {
        pipe = pipe.take("take", disturbed.at());
      }
      Trial<Long> trial = start(pipe.to(Sink.count()), context, handler);
      trials.complete(trial);
      Ended<Long> ended = trial.end();
      boolean hasHappened = calls.get() >= disturbed.at();
      Model model = disturbed.plan().model();
      switch (disturbed.accident()) {
        case CANCELLED -> {
          if (hasHappened) {
            assertThat(ended.cancelled()).isSameAs(cause);
          } else {
            assertThat(ended.wholeResult()).isEqualTo(model.results().size());
          }
        }
        case THROWS_ERROR -> {
          if (hasHappened) {
            assertThat(ended.failed()).isSameAs(error);
          } else {
            assertThat(ended.wholeResult()).isEqualTo(model.results().size());
          }
        }
        case DRAINED -> assertThat(ended.wholeResult()).isNotNull();
        case WANTS_NO_MORE ->
            assertThat(ended.result()).isEqualTo(Math.min(disturbed.at(), model.results().size()));
        case HANDLER_THROWS -> {
          int at = disturbed.at() % 10;
          if (at > 0 && at <= model.failures().size()) {
            assertThat(ended.failed()).isSameAs(cause);
            assertThat(ended.failures()).hasSize(at);
          } else {
            assertThat(ended.wholeResult()).isEqualTo(model.results().size());
          }
        }
      }
      if (disturbed.accident()
          != Accident.DRAINED) { // the sum of fewer elements is another number, which may fail
        new RandomPipeline(disturbed.plan()).checkCut(ended.failures());
      }
    }
  }
}
