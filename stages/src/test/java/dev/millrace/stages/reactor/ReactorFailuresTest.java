package dev.millrace.stages.reactor;

import static dev.millrace.stages.reactor.Runs.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The way of exceptions of the user's functions. */
@Timeout(60)
class ReactorFailuresTest {

  private final IOException cause = new IOException("broken");

  @AfterEach
  void noThreadIsLeft() {
    Leaks.check();
  }

  private static int even(int x) throws IOException {
    if (x % 2 != 0) {
      throw new IOException("odd");
    }
    return x;
  }

  /** Stages of each kind, named "even", which fail for odd numbers. */
  static Stream<Arguments> kinds() {
    return Stream.of(
        kind("sequential", pipe -> pipe.map("even", x -> even(x))),
        kind(
            "behind a thread", pipe -> pipe.mapParallel("id", 2, x -> x).map("even", x -> even(x))),
        kind("parallel", pipe -> pipe.mapParallel("even", 4, x -> even(x))),
        kind("unordered", pipe -> pipe.mapParallelUnordered("even", 4, x -> even(x))),
        kind("keyed", pipe -> pipe.mapKeyed("even", 4, x -> x % 7, x -> even(x))),
        kind("key function", pipe -> pipe.mapKeyed("even", 4, ReactorFailuresTest::key, x -> x)),
        kind(
            "partition function",
            pipe -> pipe.partitionBy("even", ReactorFailuresTest::key, 3, lane -> lane)),
        kind(
            "in a branch",
            pipe -> pipe.balance("balance", 3, lane -> lane.map("even", x -> even(x)))));
  }

  private static Object key(int x) {
    return x % 2 == 0
        ? x
        : new Object() {
          @Override
          public int hashCode() {
            throw new IllegalStateException("odd key");
          }
        };
  }

  private static Arguments kind(String name, StageFunction<Pipe<Integer>, Pipe<Integer>> stage) {
    return Arguments.of(name, stage);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void failuresLeaveByTheErrorChannelAndTheRestGoesOn(
      String name, StageFunction<Pipe<Integer>, Pipe<Integer>> stage) throws Exception {
    List<Integer> failed = Collections.synchronizedList(new ArrayList<>());
    var pipeline = stage.apply(numbers(2000)).to(Sink.toList());
    try (var run =
        pipeline.start(
            Runs.ENGINE,
            Context.background(),
            failure -> {
              assertThat(failure.stage()).isEqualTo("even");
              failed.add((Integer) failure.element());
            })) {
      assertThat(run.join()).hasSize(1000).allMatch(x -> x % 2 == 0);
      Runs.assertBalanced(run);
      assertThat(run.report().stage("even").failed()).isEqualTo(1000);
    }
    assertThat(failed).hasSize(1000).allMatch(x -> x % 2 != 0);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void firstFailureStopsTheRunUnlessItIsHandled(
      String name, StageFunction<Pipe<Integer>, Pipe<Integer>> stage) throws Exception {
    var pipeline = stage.apply(numbers(1_000_000)).to(Sink.count());
    try (var run = pipeline.start(Runs.ENGINE, Context.background())) {
      assertThatThrownBy(run::join)
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("stage 'even' failed on")
          .satisfies(e -> assertThat(e.getCause()).hasMessageContaining("odd"));
      Runs.assertBalanced(run);
      assertThat(run.report().stage("even").failed()).isEqualTo(1);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void stageMayStopTheRunWhateverTheHandlerWouldDo(
      String name, StageFunction<Pipe<Integer>, Pipe<Integer>> stage) throws Exception {
    var handled = new AtomicInteger();
    Pipe<Integer> pipe = stage.apply(numbers(1_000_000).onFailure(FailurePolicy.stop()));
    try (var run =
        pipe.to(Sink.count())
            .start(Runs.ENGINE, Context.background(), failure -> handled.incrementAndGet())) {
      assertThatThrownBy(run::join).isInstanceOf(ExecutionException.class);
      Runs.assertBalanced(run);
    }
    assertThat(handled).hasValue(0);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void deadLettersGetTheFailuresOfTheirStage(
      String name, StageFunction<Pipe<Integer>, Pipe<Integer>> stage) throws Exception {
    List<Failure<?>> letters = new ArrayList<>(); // by one thread at a time
    Pipe<Integer> pipe =
        stage.apply(numbers(1000).onFailure(FailurePolicy.deadLetters(letters::add)));
    assertThat(Runs.run(pipe.to(Sink.count()))).isEqualTo(500);
    assertThat(letters).hasSize(500);
  }

  @Test
  void slowHandlerSlowsTheRunAndNothingIsDropped() throws Exception {
    var handled = new AtomicInteger();
    var inside = new AtomicInteger();
    var pipe = numbers(3000).mapParallelUnordered("fails", 8, x -> even(2 * x + 1));
    long result =
        Runs.run(
            pipe.to(Sink.count()),
            failure -> {
              assertThat(inside.incrementAndGet()).isEqualTo(1);
              if (handled.incrementAndGet() % 300 == 0) {
                Thread.sleep(1); // a slow function
              }
              inside.decrementAndGet();
            });
    assertThat(result).isZero();
    assertThat(handled).hasValue(3000); // far more than any buffer on the way
  }

  @Test
  void handlerThatBlocksHoldsBackTheSource() throws Exception {
    var read = new AtomicInteger();
    var open = new CountDownLatch(1);
    var blocked = new CountDownLatch(1);
    Pipe<Integer> pipe =
        Pipe.from(Source.generate(() -> read.get() == 10_000 ? null : read.incrementAndGet()));
    var pipeline = pipe.mapParallel("fails", 4, x -> even(2 * x + 1)).to(Sink.count());
    try (var run =
        pipeline.start(
            Runs.ENGINE,
            Context.background(),
            failure -> {
              blocked.countDown();
              open.await();
            })) {
      blocked.await();
      assertThat(read.get()).isLessThan(70); // the bound of elements inside, and one more
      open.countDown();
      run.join();
      assertThat(run.report().stage("fails").failed()).isEqualTo(10_000);
      Runs.assertBalanced(run);
    }
  }

  @Test
  void handlerIsNotInterruptedBecauseNobodyWantsItsStageAnyMore() throws Exception {
    var handling = new CountDownLatch(1);
    var never = new CountDownLatch(1);
    var finished = new AtomicInteger();
    Pipe<Integer> pipe =
        numbers(2)
            .mapParallelUnordered(
                "even",
                2,
                x -> {
                  if (x == 2) {
                    handling.await();
                  }
                  return even(x);
                })
            .take("one", 1);
    long result =
        Runs.run(
            pipe.to(Sink.count()),
            failure -> {
              handling.countDown();
              assertThat(never.await(300, TimeUnit.MILLISECONDS)).isFalse();
              finished.incrementAndGet();
            });
    assertThat(result).isEqualTo(1);
    assertThat(finished).hasValue(1);
  }

  @Test
  void handlerThatThrowsStopsTheRunWithBothCauses() throws Exception {
    var own = new IllegalStateException("the handler's");
    assertFails(
            numbers(10).map("even", x -> even(x)).to(Sink.count()),
            failure -> {
              throw own;
            })
        .isSameAs(own);
    assertThat(own.getSuppressed()).as("the exception of the user is not changed").isEmpty();
  }

  @Test
  void deadLettersThatThrowStopTheRun() throws Exception {
    var own = new IllegalStateException("the dead letters'");
    Pipe<Integer> pipe =
        numbers(10)
            .onFailure(
                FailurePolicy.deadLetters(
                    failure -> {
                      throw own;
                    }))
            .mapParallel("even", 2, x -> even(x));
    assertFails(pipe.to(Sink.count()), failure -> {}).isSameAs(own);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void errorsStopTheRunWhateverThePolicy(
      String name, StageFunction<Pipe<Integer>, Pipe<Integer>> stage) throws Exception {
    var error = new LinkageError("linked to nothing");
    Pipe<Integer> pipe =
        stage
            .apply(numbers(1000).map("double", x -> 2 * x))
            .onFailure(FailurePolicy.deadLetters(failure -> {}))
            .map(
                "error",
                x -> {
                  throw error;
                });
    assertFails(pipe.to(Sink.count()), failure -> {}).isSameAs(error);
    Pipe<Integer> parallel =
        numbers(1000)
            .mapParallel(
                "error",
                4,
                x -> {
                  throw error;
                });
    assertFails(parallel.to(Sink.count()), failure -> {}).isSameAs(error);
  }

  private static AbstractThrowableAssert<?, ?> assertFails(
      Pipeline<?> pipeline, StageConsumer<Failure<?>> onFailure) throws Exception {
    try (Run<?> run = pipeline.start(Runs.ENGINE, Context.background(), onFailure)) {
      var assertion = assertThatThrownBy(run::join).isInstanceOf(ExecutionException.class).cause();
      Runs.assertBalanced(run);
      return assertion;
    }
  }

  @Test
  void nullResultIsAFailureOfTheElement() throws Exception {
    List<Failure<?>> failures = new ArrayList<>();
    Pipe<Integer> pipe = numbers(3).mapParallel("null", 2, x -> nothing());
    assertThat(Runs.run(pipe.to(Sink.count()), failures::add)).isZero();
    assertThat(failures).hasSize(3);
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // returns null, which it must not
  private static <T> T nothing() {
    return null;
  }

  // Exceptions without an element

  @Test
  void exceptionOfASourceStopsTheRun() throws Exception {
    Source<Integer> breaks =
        Source.generate(
            () -> {
              throw cause;
            });
    assertFails(Pipe.from(breaks).map("id", x -> x).to(Sink.count()), f -> {}).isSameAs(cause);
    Source<Integer> closed =
        context -> {
          throw cause;
        };
    assertFails(Pipe.from(closed).map("id", x -> x).to(Sink.count()), f -> {}).isSameAs(cause);
  }

  @Test
  void exceptionOfASinkStopsTheRun() throws Exception {
    Pipe<Integer> pipe = numbers(1000).mapParallel("id", 2, x -> x);
    assertFails(pipe.to(Sink.forEach(x -> even(x))), f -> {}).hasMessage("odd");
    Sink<Integer, Long> closed =
        context -> {
          throw cause;
        };
    assertFails(pipe.to(closed), f -> {}).isSameAs(cause);
  }

  @Test
  void exceptionAtTheEndOfATransformStopsTheRun() throws Exception {
    Transform<Integer, Integer> breaks =
        new Transform<>() {
          @Override
          public Outcome accept(Integer element, Emitter<? super Integer> out) {
            return Outcome.USED;
          }

          @Override
          public void end(Emitter<? super Integer> out) throws Exception {
            throw cause;
          }
        };
    assertFails(numbers(3).via("breaks", () -> breaks).to(Sink.count()), f -> {}).isSameAs(cause);
    Pipe<Integer> behind = numbers(3).buffer("buffer", 1).via("breaks", () -> breaks);
    assertFails(behind.to(Sink.count()), f -> {}).isSameAs(cause);
  }

  @Test
  void exceptionWhenTheStateOfAStageIsMadeStopsTheRun() throws Exception {
    Pipe<Integer> pipe =
        numbers(3)
            .buffer("buffer", 1)
            .via(
                "breaks",
                () -> {
                  throw new IllegalStateException("no state");
                });
    assertFails(pipe.to(Sink.count()), f -> {}).hasMessage("no state");
  }

  @Test
  void exceptionWhenASourceOrASinkIsClosedStopsTheRun() throws Exception {
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              @Override
              public Integer next() {
                return 1;
              }

              @Override
              public void close() throws Exception {
                throw cause;
              }
            };
    assertFails(Pipe.from(source).take("one", 1).to(Sink.count()), f -> {}).isSameAs(cause);
    Sink<Integer, Long> sink =
        context ->
            new Sink.Receiver<>() {
              @Override
              public boolean accept(Integer element) {
                return true;
              }

              @Override
              public Long finish() {
                return 0L;
              }

              @Override
              public void close() throws Exception {
                throw cause;
              }
            };
    assertFails(numbers(3).to(sink), f -> {}).isSameAs(cause);
  }

  @Test
  void failuresAfterTheFirstAreSuppressed() throws Exception {
    var both = new CountDownLatch(2);
    Pipe<Integer> pipe =
        numbers(2)
            .mapParallel(
                "fails",
                2,
                x -> {
                  both.countDown();
                  both.await();
                  while (x == 2 && !Thread.interrupted()) {
                    Thread.onSpinWait();
                  }
                  throw x == 1 ? cause : new IllegalStateException("another");
                });
    try (var run = pipe.to(Sink.count()).start(Runs.ENGINE, Context.background())) {
      assertThatThrownBy(run::join)
          .hasCause(cause)
          .satisfies(
              e -> assertThat(e.getSuppressed()).anyMatch(s -> "another".equals(s.getMessage())));
      Runs.assertBalanced(run);
    }
  }
}
