package dev.millrace.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.errors.Backoff;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.stages.Retry;
import dev.millrace.stages.Timeout;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pipelines in virtual time, on both engines. */
@NoLeaks
@Isolated
@org.junit.jupiter.api.Timeout(60)
class VirtualTimeTest {

  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration ALMOST = SECOND.minusNanos(1);
  private static final Duration INSTANT = Duration.ofNanos(1);

  private final VirtualTime time = VirtualTime.begin();

  @AfterEach
  void goOn() {
    time.close();
  }

  static Stream<Engine> engines() {
    return Stream.of(Engine.channels(), Engine.reactor());
  }

  @ParameterizedTest
  @MethodSource("engines")
  void ticksComeWhenTheTestMovesTheTime(Engine engine) throws Exception {
    Instant begin = time.now();
    ProbeSink<Instant> sink = ProbeSink.open();
    try (var run = Probe.on(engine).start(Pipe.from("ticks", Source.ticks(SECOND)).to(sink))) {
      time.advance(ALMOST);
      assertThat(sink.taken()).isEmpty();
      time.advance(INSTANT);
      assertThat(sink.taken()).containsExactly(begin.plusSeconds(1));
      time.advance(SECOND.multipliedBy(3));
      assertThat(sink.taken())
          .containsExactly(
              begin.plusSeconds(1),
              begin.plusSeconds(2),
              begin.plusSeconds(3),
              begin.plusSeconds(4));
      assertThat(time.elapsed()).isEqualTo(SECOND.multipliedBy(4));
      assertThat(run.run().isDone()).isFalse();
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void batchThatIsNotFullLeavesAfterItsTime(Engine engine) throws Exception {
    try (var probe =
        Probe.on(engine).start((Pipe<Integer> pipe) -> pipe.batch("batch", 3, SECOND))) {
      probe.push(1, 2);
      time.advance(ALMOST);
      assertThat(probe.results()).isEmpty();
      time.advance(INSTANT);
      assertThat(probe.results()).containsExactly(List.of(1, 2));
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void throttleLetsSoManyPassInItsPeriod(Engine engine) throws Exception {
    try (var probe =
        Probe.on(engine).start((Pipe<Integer> pipe) -> pipe.throttle("rate", 1, SECOND))) {
      probe.push(1, 2, 3);
      time.settle();
      assertThat(probe.results()).containsExactly(1);
      time.advance(ALMOST);
      assertThat(probe.results()).containsExactly(1);
      time.advance(INSTANT);
      assertThat(probe.results()).containsExactly(1, 2);
      time.advance(SECOND);
      assertThat(probe.results()).containsExactly(1, 2, 3);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void debounceWaitsForSilence(Engine engine) throws Exception {
    try (var probe =
        Probe.on(engine).start((Pipe<Integer> pipe) -> pipe.debounce("quiet", SECOND))) {
      probe.push(1);
      time.advance(ALMOST);
      probe.push(2);
      time.advance(ALMOST);
      assertThat(probe.results()).isEmpty();
      time.advance(INSTANT);
      assertThat(probe.results()).containsExactly(2);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void timeoutEndsACallAtItsTime(Engine engine) throws Exception {
    var never = new CountDownLatch(1);
    try (var probe =
        Probe.on(engine)
            .start(
                (Pipe<Integer> pipe) ->
                    pipe.map(
                        "call",
                        Timeout.of(SECOND)
                            .around(
                                x -> {
                                  never.await();
                                  return x;
                                })))) {
      probe.push(1);
      time.advance(ALMOST);
      assertThat(probe.failures()).isEmpty();
      time.advance(INSTANT);
      probe.expectFailure("call", TimeoutException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void retriesComeAtTheTimesOfTheBackoff(Engine engine) throws Exception {
    var calls = new AtomicInteger();
    try (var probe =
        Probe.on(engine)
            .start(
                (Pipe<Integer> pipe) ->
                    pipe.map(
                        "call",
                        Retry.of(Backoff.fixed(SECOND), 3)
                            .around(
                                x -> {
                                  if (calls.incrementAndGet() < 3) {
                                    throw new IOException("busy");
                                  }
                                  return x;
                                })))) {
      probe.push(1);
      time.advance(ALMOST);
      assertThat(calls).hasValue(1);
      time.advance(INSTANT);
      assertThat(calls).hasValue(2);
      time.advance(SECOND);
      assertThat(probe.results()).containsExactly(1);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void deadlineOfTheContextCancelsTheRun(Engine engine) throws Exception {
    try (var context = Context.background().withTimeout(SECOND);
        var probe =
            Probe.on(engine)
                .context(context)
                .start((Pipe<Integer> pipe) -> pipe.map("same", x -> x))) {
      time.advance(ALMOST);
      assertThat(probe.run().isDone()).isFalse();
      time.advance(INSTANT);
      assertThatThrownBy(() -> probe.run().join())
          .hasCauseInstanceOf(DeadlineExceededException.class);
    }
  }

  @Test
  void anHourOfTicksTakesNoHour() throws Exception {
    Duration minute = Duration.ofMinutes(1);
    try (var run =
        Probe.on(Engine.channels())
            .start(Pipe.from("ticks", Source.ticks(minute)).take("an hour", 60).to(Sink.count()))) {
      for (int i = 0; i < 60; i++) {
        time.advance(minute);
      }
      assertThat(run.expectCompletion()).isEqualTo(60);
    }
  }

  @Test
  void threadThatRunsHoldsTheTime() throws Exception {
    var end = new CountDownLatch(1);
    Thread busy =
        Thread.ofVirtual()
            .name("busy")
            .start(
                () -> {
                  while (end.getCount() > 0) {
                    Thread.onSpinWait();
                  }
                });
    var hurried = new Rest(busy.threadId());
    assertThatThrownBy(() -> hurried.await(Duration.ofMillis(50)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("the time cannot move, because a thread runs")
        .hasMessageContaining("'busy'");
    end.countDown();
    busy.join();
    time.advance(SECOND);
  }

  @Test
  void timeBeginsOnceAndDoesNotGoBack() throws Exception {
    assertThatIllegalStateException().isThrownBy(VirtualTime::begin);
    assertThatIllegalArgumentException().isThrownBy(() -> time.advance(SECOND.negated()));
    Instant stopped = time.now();
    time.close();
    time.close();
    try (var again = VirtualTime.begin()) {
      assertThat(again.now()).isAfterOrEqualTo(stopped);
    }
  }

  @Test
  void waitsOfTheStoppedTimeEndWhenItGoesOn() throws Exception {
    try (var probe =
        Probe.on(Engine.channels())
            .start((Pipe<Integer> pipe) -> pipe.debounce("quiet", Duration.ofMillis(20)))) {
      probe.push(1);
      time.settle();
      assertThat(probe.results()).isEmpty();
      time.close();
      probe.expect(1);
    }
  }
}
