package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A drained run takes no new elements, and completes the elements that it has. */
abstract class DrainConformance extends Theme {

  private static final Duration LONG = Duration.ofMinutes(10);

  private static Sink<Integer, List<Integer>> toList() {
    return Sink.toList();
  }

  @ParameterizedTest
  @EnumSource
  void whatHasComeInComesOut(Operator operator) {
    assumeFalse(operator.endsEarly(), "the run ends by itself");
    var begun = new CountDownLatch(20);
    var source = Numbers.endless().before(number -> begun.countDown());
    var trial = start(operator.addTo(Pipe.from(source), "operator").to(toList()));
    await(begun);
    trial.run().drain(LONG);
    List<Integer> results = trial.end().result();
    source.checkReleased();
    List<Integer> input = IntStream.range(0, source.given()).boxed().toList();
    switch (operator) {
      // The drain stops the other source too, possibly at another element, or before the first one.
      case ZIP, ZIP_OF_THREE -> assertBeginsWith(operator.expected(input), results);
      case INTERLEAVE -> assertBeginsWith(input, results.stream().filter(x -> x >= 0).toList());
      // The drain may stop the other source before it has given all its elements, or any of them.
      case ZIP_ALL -> assertThat(results.size()).isBetween(1, Math.max(3, input.size()));
      case MERGE, MERGE_PRIORITIZED, CONCAT, CONCAT_BEHIND, PREPEND ->
          assertThat(results.stream().filter(x -> x >= 0)).isEqualTo(input);
      default ->
          assertThat(operator.inLanes(results))
              .isEqualTo(operator.inLanes(operator.expected(input)));
    }
  }

  private static void assertBeginsWith(List<Integer> all, List<Integer> first) {
    assertThat(all.stream().limit(first.size())).isEqualTo(first);
  }

  @Test
  void nothingIsLeftOnTheWay() {
    var begun = new CountDownLatch(20);
    var source = Numbers.endless().before(number -> begun.countDown());
    var trial =
        start(
            Pipe.from(source)
                .mapParallel("a", 3, x -> x)
                .buffer("b", 10)
                .partitionBy("c", x -> x, 3, lane -> lane.map("d", x -> x))
                .to(Sink.count()));
    await(begun);
    trial.run().drain(LONG);
    assertThat(trial.end().wholeResult()).isEqualTo(source.given());
  }

  @ParameterizedTest
  @EnumSource
  void sourceThatWaitsIsInterrupted(Operator operator) {
    assumeFalse(operator.endsEarly(), "the run ends by itself");
    for (int point : new int[] {0, 1, 10}) {
      var waiting = new CountDownLatch(1);
      var source = silentFrom(point, waiting);
      var trial = start(operator.addTo(Pipe.from(source), "operator").to(toList()));
      await(waiting);
      trial.run().drain(LONG);
      var ended = trial.end();
      assertThat(ended.result()).isNotNull();
      assertThat(ended.report().stage("source").emitted()).isLessThanOrEqualTo(point);
      source.checkReleased();
    }
  }

  /** Drains a run while a function runs; then the function continues with {@code then}. */
  private Ended<List<Integer>> drainedWhileRunning(
      Site site, StageFunction<Integer, Integer> then) {
    var running = new CountDownLatch(1);
    var drained = new CountDownLatch(1);
    StageFunction<Integer, Integer> function =
        x -> {
          running.countDown();
          drained.await(); // an interrupt would fail the element
          return then.apply(x);
        };
    var trial = start(site.addTo(Pipe.from(Numbers.endless()), function).to(toList()));
    await(running);
    trial.run().drain(LONG);
    drained.countDown();
    return trial.end();
  }

  @ParameterizedTest
  @EnumSource
  void runningFunctionFinishes(Site site) {
    var ended = drainedWhileRunning(site, x -> x);
    assertThat(ended.failures()).isEmpty();
    assertThat(ended.result()).contains(0);
  }

  @ParameterizedTest
  @EnumSource
  void failureWhileDrainingIsReported(Site site) {
    var boom = new IOException("boom");
    var ended = drainedWhileRunning(site, x -> raise(boom));
    assertThat(ended.result()).isEmpty();
    assertThat(ended.failures())
        .isNotEmpty()
        .allSatisfy(failure -> assertThat(failure.cause()).isSameAs(boom));
    long failed = ended.report().stage(Site.NAME).failed();
    assertThat(failed).isEqualTo((long) ended.failures().size() * site.weight());
  }

  @Test
  void failuresThatWaitForTheirHandlerAreHandled() {
    var boom = new IOException("boom");
    var handling = new CountDownLatch(1);
    var drained = new CountDownLatch(1);
    var source = Numbers.endless();
    var trial =
        start(
            Pipe.from(source).mapParallelUnordered("map", 4, x -> raise(boom)).to(Sink.count()),
            Context.background(),
            failure -> {
              handling.countDown();
              await(drained);
            });
    await(handling);
    trial.run().drain(LONG);
    drained.countDown();
    var ended = trial.end();
    assertThat(ended.wholeResult()).isZero();
    assertThat(ended.failures()).hasSize(source.given());
  }

  /** Starts a run whose function never returns from an element. */
  private Trial<Long> startStuck() {
    var running = new CountDownLatch(1);
    var trial =
        start(
            Pipe.from(Numbers.endless())
                .map(
                    "map",
                    x -> {
                      running.countDown();
                      return DrainConformance.<Integer>blockForever();
                    })
                .to(Sink.count()));
    await(running);
    return trial;
  }

  @Test
  void drainThatTakesTooLongIsACancellation() {
    var trial = startStuck();
    trial.run().drain(Duration.ofMillis(10));
    assertThat(trial.end().cancelled()).isNotNull();
  }

  @Test
  void drainAtTheBeginningIsAnEmptyRun() {
    for (int i = 0; i < 20; i++) {
      var source = Numbers.endless();
      var trial = start(Pipe.from(source).mapParallel("map", 2, x -> x).to(Sink.count()));
      trial.run().drain(LONG);
      trial.run().drain(LONG);
      assertThat(trial.end().wholeResult()).isEqualTo(source.given());
      source.checkReleased();
    }
  }

  @Test
  void drainedRunCanBeCancelled() {
    var cause = new IOException("cancelled by the test");
    var trial = startStuck();
    trial.run().drain(LONG);
    trial.run().cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
  }

  /** A source that waits before each number until it is interrupted, and then runs the action. */
  private static Numbers interrupted(CountDownLatch waiting, Numbers.Action action) {
    return Numbers.endless()
        .before(
            number -> {
              waiting.countDown();
              try {
                blockForever();
              } catch (InterruptedException e) {
                action.run();
              }
            });
  }

  @Test
  void sourceThatFailsWhileItIsDrainedStopsTheRun() {
    var boom = new IOException("boom");
    var waiting = new CountDownLatch(1);
    var source = interrupted(waiting, () -> raise(boom));
    var trial = start(Pipe.from(source).to(Sink.count()));
    await(waiting);
    trial.run().drain(LONG);
    assertThat(trial.end().failed()).isSameAs(boom);
  }

  @Test
  void elementThatCameInSpiteOfTheInterruptIsNotLost() {
    var waiting = new CountDownLatch(1);
    var source = interrupted(waiting, () -> {}); // the source then gives the number
    var trial = start(Pipe.from(source).map("map", x -> x).to(toList()));
    await(waiting);
    trial.run().drain(LONG);
    assertThat(trial.end().wholeResult()).containsExactly(0);
  }

  @Test
  void interruptOfTheSourceDoesNotReachTheStagesAfterIt() {
    var waiting = new CountDownLatch(1);
    var source =
        Numbers.endless()
            .before(
                number -> {
                  waiting.countDown();
                  while (!Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                  }
                });
    var pipe =
        Pipe.from((Source<Integer>) source)
            .map(
                "map",
                x -> {
                  assertThat(Thread.currentThread().isInterrupted()).isFalse();
                  return x;
                });
    var trial = start(pipe.to(toList()));
    await(waiting);
    trial.run().drain(LONG);
    assertThat(trial.end().wholeResult()).containsExactly(0);
  }
}
