package dev.millrace.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The probe, on both engines. */
@NoLeaks
@Timeout(60)
class ProbeTest {

  private static final Duration SOON = Duration.ofMillis(200);

  static Stream<Engine> engines() {
    return Stream.of(Engine.channels(), Engine.reactor());
  }

  @ParameterizedTest
  @MethodSource("engines")
  void elementsGoInAndComeOutByHand(Engine engine) throws Exception {
    try (var probe =
        Probe.on(engine).start((Pipe<Integer> pipe) -> pipe.map("double", x -> 2 * x))) {
      probe.push(1, 2);
      probe.expect(2, 4);
      assertThat(probe.report().stage("double").processed()).isEqualTo(2);
      probe.push(3);
      probe.expect(6);
      probe.end();
      assertThat(probe.expectCompletion()).containsExactly(2, 4, 6);
      assertThat(probe.source().isClosed()).isTrue();
      assertThat(probe.sink().isClosed()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void failuresAreKeptWithTheirStageAndTheRunGoesOn(Engine engine) throws Exception {
    try (var probe =
        Probe.on(engine).start((Pipe<String> pipe) -> pipe.map("parse", Integer::parseInt))) {
      probe.push("1", "x", "2");
      probe.expect(1, 2);
      Failure<?> failure = probe.expectFailure("parse", NumberFormatException.class);
      assertThat(failure.element()).isEqualTo("x");
      probe.end();
      probe.expectCompletion();
      assertThat(probe.failures()).hasSize(1);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void firstFailureStopsTheRunIfTheTestSaysSo(Engine engine) throws Exception {
    try (var probe =
        Probe.on(engine)
            .stopOnFailure()
            .start((Pipe<String> pipe) -> pipe.map("parse", Integer::parseInt))) {
      probe.push("x");
      assertThat(probe.expectStop(NumberFormatException.class)).hasMessageContaining("x");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void sourceThatFailsStopsTheRun(Engine engine) throws Exception {
    try (var probe = Probe.on(engine).start((Pipe<Integer> pipe) -> pipe.map("same", x -> x))) {
      var failure = new IOException("the disk is gone");
      probe.push(1);
      probe.expect(1);
      probe.fail(failure);
      assertThat(probe.expectStop(IOException.class)).isSameAs(failure);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void cancelledRunSaysByWhat(Engine engine) throws Exception {
    try (var probe = Probe.on(engine).start((Pipe<Integer> pipe) -> pipe.map("same", x -> x))) {
      var cause = new IllegalStateException("enough");
      probe.cancel(cause);
      probe.expectCancellation(cause);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void sinkTakesWhatTheTestRequests(Engine engine) throws Exception {
    try (var probe =
        Probe.on(engine).paused().start((Pipe<Integer> pipe) -> pipe.buffer("room", 2))) {
      for (int i = 0; i < 10; i++) {
        probe.push(i);
      }
      probe.awaitRequested(3);
      assertThat(probe.results()).isEmpty();
      probe.request(1);
      probe.expect(0);
      probe.request(2);
      probe.expect(1, 2);
      assertThat(probe.results()).hasSize(3);
      assertThat(probe.source().taken()).as("held back by the sink").isLessThan(10);
      probe.request(Long.MAX_VALUE);
      probe.expect(3, 4, 5, 6, 7, 8, 9);
      probe.end();
      probe.expectCompletion();
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void traceHasTheElementsThatLeftEachStageInOneOrder(Engine engine) throws Exception {
    try (var probe =
        Probe.on(engine)
            .start(
                (Pipe<Integer> pipe, Trace trace) ->
                    pipe.filter("odd", x -> x % 2 == 1)
                        .through(trace.after("odd"))
                        .map("tenfold", x -> 10 * x)
                        .through(trace.after("tenfold")))) {
      probe.push(1, 2);
      probe.expectSeen("tenfold", 10);
      probe.push(3);
      probe.expectSeen("tenfold", 10, 30);
      probe.expectSeen("odd", 1, 3);
      assertThat(probe.trace().toString().lines())
          .containsExactly("odd: 1", "tenfold: 10", "odd: 3", "tenfold: 30");
      assertThatThrownBy(() -> probe.expectSeen("odd", 1, 2))
          .hasMessageContaining("expected [1, 2] after odd, but came [1, 3]");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void elementsAreSettledOrAbandoned(Engine engine) throws Exception {
    var cause = new IllegalStateException("enough");
    var probe = Probe.on(engine).settling().start((Pipe<Integer> pipe) -> pipe.batch("pairs", 2));
    try (probe) {
      probe.push(1, 2, 3);
      probe.expect(List.of(1, 2));
      probe.expectSettled(1, 2);
      probe.awaitStage("pairs", stage -> stage.received() == 3);
      probe.cancel(cause);
      probe.expectCancellation(cause);
    }
    assertThat(probe.source().settled()).containsExactlyInAnyOrder(1, 2);
    assertThat(probe.source().abandoned()).containsExactly(3);
  }

  @ParameterizedTest
  @MethodSource("engines")
  void sinkMayWantNoMoreOrFail(Engine engine) throws Exception {
    try (var probe = Probe.on(engine).start((Pipe<Integer> pipe) -> pipe.map("same", x -> x))) {
      probe.sink().stopAfterNext();
      probe.push(1);
      probe.expect(1);
      probe.expectCompletion();
    }
    try (var probe = Probe.on(engine).start((Pipe<Integer> pipe) -> pipe.map("same", x -> x))) {
      var failure = new IOException("full");
      probe.sink().failOnNext(failure);
      probe.push(1);
      assertThat(probe.expectStop(IOException.class)).isSameAs(failure);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void wholePipelineWithPartsOfTheProbe(Engine engine) throws Exception {
    var left = new ProbeSource<Integer>();
    var right = new ProbeSource<Integer>();
    Pipeline<Long> sum =
        Pipe.from("left", left)
            .zip("sum", Pipe.from("right", right), (x, y) -> (long) x + y)
            .to(Sink.fold(() -> 0L, Long::sum));
    try (ProbedRun<Long> run = Probe.on(engine).start(sum)) {
      left.push(1);
      right.push(10);
      run.awaitStage("sum", stage -> stage.emitted() == 1);
      left.push(2);
      left.end();
      right.push(20);
      right.end();
      assertThat(run.expectCompletion()).isEqualTo(33);
    }
    assertThatIllegalStateException()
        .isThrownBy(() -> left.push(3))
        .withMessageContaining("push before end()");
  }

  @ParameterizedTest
  @MethodSource("engines")
  void keptOrderAndAnyOrder(Engine engine) throws Exception {
    var first = new CountDownLatch(1);
    try (var probe =
        Probe.on(engine)
            .start(
                (Pipe<Integer> pipe) ->
                    pipe.mapParallelUnordered(
                        "call",
                        2,
                        x -> {
                          if (x == 1) {
                            first.await();
                          }
                          return x;
                        }))) {
      probe.push(1, 2);
      probe.expect(2);
      first.countDown();
      probe.push(3);
      probe.expectInAnyOrder(3, 1);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void errorsSayWhatCameAndWhereTheRunIs(Engine engine) throws Exception {
    var never = new CountDownLatch(1);
    try (var probe =
        Probe.on(engine)
            .within(SOON)
            .start(
                (Pipe<Integer> pipe) ->
                    pipe.map(
                        "hang",
                        x -> {
                          never.await();
                          return x;
                        }))) {
      probe.push(1);
      assertThatThrownBy(() -> probe.expect(1))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("after 200 ms: expected [1], but came only []")
          .hasMessageContaining("hang: ")
          .hasMessageContaining("received 1, in flight 1");
      assertThatThrownBy(() -> probe.expectFailure("hang", IOException.class))
          .hasMessageContaining("expected a failure of stage 'hang' by IOException");
      assertThatThrownBy(() -> probe.awaitStage("hang", stage -> stage.emitted() == 1))
          .hasMessageContaining("the condition does not hold for StageReport[name=hang");
      assertThatThrownBy(probe::expectCompletion)
          .hasMessageContaining("expected the run to complete");
      assertThatThrownBy(() -> probe.awaitStage("hung", stage -> true))
          .hasMessageContaining("there is no stage 'hung'");
      assertThatThrownBy(() -> probe.await("the moon", () -> false))
          .hasMessageContaining("expected the moon");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void wrongElementsFailuresAndEndsAreTold(Engine engine) throws Exception {
    try (var probe =
        Probe.on(engine).start((Pipe<String> pipe) -> pipe.map("parse", Integer::parseInt))) {
      probe.push("1", "2", "x", "3");
      assertThatThrownBy(() -> probe.expect(1, 3)).hasMessageContaining("but came [1, 2]");
      assertThatThrownBy(() -> probe.expectFailure("read", NumberFormatException.class))
          .hasMessageContaining("expected a failure of stage 'read'")
          .hasMessageContaining("stage 'parse' failed on");
      probe.end();
      assertThatThrownBy(() -> probe.expectStop(IOException.class))
          .hasMessageContaining("but its result is [1, 2, 3]");
      assertThatThrownBy(() -> probe.expectCancellation(new IOException()))
          .hasMessageContaining("but its result is");
      assertThatThrownBy(probe::expectCompletion)
          .hasMessageContaining("expected no more elements, but came [3]");
    }
    try (var probe = Probe.on(engine).start((Pipe<Integer> pipe) -> pipe.map("same", x -> x))) {
      probe.fail(new IOException("gone"));
      assertThatThrownBy(probe::expectCompletion).hasMessageContaining("but it threw");
      assertThatThrownBy(() -> probe.expectStop(IllegalStateException.class))
          .hasMessageContaining("with the cause java.io.IOException: gone");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void contextAndDrainReachTheRun(Engine engine) throws Exception {
    try (var context = Context.background().withCancel();
        var probe =
            Probe.on(engine)
                .context(context)
                .start((Pipe<Integer> pipe) -> pipe.map("same", x -> x))) {
      probe.push(1);
      probe.expect(1);
      probe.drain(Duration.ofSeconds(5));
      probe.expectCompletion();
    }
  }
}
