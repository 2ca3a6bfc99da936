package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The policy decides where failures of elements go. All other failures stop the run. No failure is
 * lost.
 */
abstract class FailuresConformance extends Theme {

  private static final int N = 40;

  private final Throwable boom = new IOException("boom");

  /** A function that throws for each tenth element. */
  private static StageFunction<Integer, Integer> failing(Throwable thrown) {
    return x -> x % 10 == 0 ? raise(thrown) : x;
  }

  private static List<Integer> good() {
    return IntStream.range(0, N).filter(x -> x % 10 != 0).boxed().toList();
  }

  private static Pipeline<List<Integer>> pipeline(
      Site site, FailurePolicy policy, StageFunction<Integer, Integer> function) {
    var pipe = Pipe.from(Numbers.below(N)).map("before", x -> x).onFailure(policy);
    return site.addTo(pipe, function)
        .onFailure(FailurePolicy.stop())
        .map("after", x -> x)
        .to(Sink.<Integer>toList());
  }

  private static void check(Site site, List<? extends Failure<?>> failures, Throwable cause) {
    List<Object> expected = new ArrayList<>();
    for (int x = 0; x < N; x += 10) {
      expected.add(site.failed(x));
    }
    assertThat(failures)
        .allSatisfy(
            failure -> {
              assertThat(failure.stage()).isEqualTo(Site.NAME);
              assertThat(failure.cause()).isSameAs(cause);
              assertThat(failure.attempt()).isEqualTo(1);
            })
        .extracting(failure -> (Object) failure.element())
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  private static void checkBooks(Site site, Ended<List<Integer>> ended) {
    assertThat(ended.report().stage(Site.NAME).failed()).isEqualTo(N / 10L * site.weight());
    assertThat(ended.report().stage("after").failed()).isZero();
    if (site != Site.ZIP) { // the other side of a zip continues
      ended.wholeResult();
    }
  }

  @ParameterizedTest
  @EnumSource
  void failuresAreReportedAndTheOthersGoOn(Site site) {
    var ended = run(pipeline(site, FailurePolicy.report(), failing(boom)));
    assertThat(ended.result()).containsExactlyInAnyOrderElementsOf(good());
    check(site, ended.failures(), boom);
    checkBooks(site, ended);
  }

  @ParameterizedTest
  @EnumSource
  void deadLettersGetTheFailuresInsteadOfTheHandler(Site site) {
    List<Failure<?>> letters = new CopyOnWriteArrayList<>();
    var policy = FailurePolicy.deadLetters(letters::add);
    var ended = run(pipeline(site, policy, failing(boom)));
    assertThat(ended.result()).containsExactlyInAnyOrderElementsOf(good());
    assertThat(ended.failures()).isEmpty();
    check(site, letters, boom);
    checkBooks(site, ended);
  }

  @ParameterizedTest
  @EnumSource
  void policyStopsTheRunWithTheCause(Site site) {
    var ended = run(pipeline(site, FailurePolicy.stop(), failing(boom)));
    assertThat(ended.failed()).isSameAs(boom);
    assertThat(ended.failures()).isEmpty();
    assertThat(ended.report().stage(Site.NAME).failed()).isGreaterThanOrEqualTo(site.weight());
  }

  @ParameterizedTest
  @EnumSource
  void firstFailureStopsTheRunByDefault(Site site) {
    var pipeline = pipeline(site, FailurePolicy.report(), failing(boom));
    var trial =
        start(
            pipeline,
            Context.background(),
            failure -> {
              throw new ExecutionException(failure.toString(), failure.cause());
            });
    var ended = trial.end();
    assertThat(ended.failed()).isSameAs(boom);
    assertThat(ended.failures()).as("calls of a handler that has thrown").hasSize(1);
  }

  @Test
  void runWithoutAHandlerStopsAtTheFirstFailure() throws Exception {
    var pipeline = pipeline(Site.MAP, FailurePolicy.report(), failing(boom));
    try (var run = pipeline.start(kit().engine(), Context.background())) {
      run.join();
      throw new AssertionError("the run has not failed");
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isSameAs(boom);
      assertThat(e).hasMessageContaining(Site.NAME);
    }
  }

  @ParameterizedTest
  @EnumSource
  void errorsAlwaysStopTheRun(Site site) {
    for (Error error : List.of(new StackOverflowError("boom"), new OutOfMemoryError("boom"))) {
      List<Failure<?>> letters = new CopyOnWriteArrayList<>();
      var ended = run(pipeline(site, FailurePolicy.deadLetters(letters::add), failing(error)));
      assertThat(ended.failed()).isSameAs(error);
      assertThat(letters).isEmpty();
      assertThat(ended.failures()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void assertionErrorInAFunctionIsNoElementsFailure(Site site) {
    Throwable error = new AssertionError("boom");
    var ended = run(pipeline(site, FailurePolicy.report(), failing(error)));
    assertThat(ended.failed()).isSameAs(error);
    assertThat(ended.failures()).isEmpty();
  }

  // The handler

  @ParameterizedTest
  @EnumSource
  void handlerThatThrowsStopsTheRunWithBothCauses(Site site) {
    var pipeline = pipeline(site, FailurePolicy.report(), failing(boom));
    var worse = new IllegalStateException("worse");
    var ended = run(pipeline, Context.background(), failure -> raise(worse));
    ended.failed();
    assertThat(ended.tells(worse)).as("tells what the handler threw").isTrue();
    assertThat(ended.tells(boom)).as("tells what the function threw").isTrue();
  }

  @Test
  void handlerThatHasThrownIsNotCalledAgain() {
    var thrown = new CountDownLatch(4);
    var pipe =
        Pipe.from(Numbers.below(4))
            .mapParallelUnordered(
                "map",
                4,
                x -> {
                  thrown.countDown();
                  return raise(boom);
                });
    var ended =
        run(
            pipe.to(Sink.count()),
            Context.background(),
            failure -> {
              await(thrown);
              for (int i = 0; i < 100; i++) {
                Thread.yield(); // until the other threads wait for the handler
              }
              raise(new IllegalStateException("worse"));
            });
    assertThat(ended.failed()).hasMessage("worse");
    assertThat(ended.failures()).hasSize(1);
    assertThat(ended.tells(boom))
        .as("the exception of join contains the failures that no handler has taken")
        .isTrue();
  }

  @Test
  void errorOfTheHandlerStopsTheRun() {
    var pipeline = pipeline(Site.MAP, FailurePolicy.report(), failing(boom));
    var worse = new StackOverflowError("worse");
    var ended = run(pipeline, Context.background(), failure -> raise(worse));
    assertThat(ended.failed()).isSameAs(worse);
  }

  @Test
  void deadLettersThatCannotBeTakenStopTheRun() {
    var worse = new IllegalStateException("worse");
    var policy = FailurePolicy.deadLetters(failure -> raise(worse));
    var ended = run(pipeline(Site.MAP_PARALLEL, policy, failing(boom)));
    ended.failed();
    assertThat(ended.tells(worse)).isTrue();
    assertThat(ended.tells(boom)).isTrue();
  }

  @Test
  void failuresOfAllStagesComeToOneHandlerOneAfterTheOther() {
    var thrown = new CountDownLatch(2);
    StageFunction<Integer, Integer> fails =
        x -> {
          thrown.countDown();
          return raise(boom);
        };
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    var together = new CountDownLatch(2);
    var pipe =
        Pipe.from(Numbers.below(300))
            .mapParallelUnordered("first", 4, x -> x % 3 == 0 ? fails.apply(x) : x)
            .balance("balance", 3, lane -> lane.map("second", x -> x % 3 == 1 ? fails.apply(x) : x))
            .mapParallel("third", 4, fails);
    var ended =
        run(
            pipe.to(Sink.count()),
            Context.background(),
            failure -> {
              most.accumulateAndGet(inside.incrementAndGet(), Math::max);
              await(thrown);
              together.countDown();
              if (together.getCount() == 1) { // the first call leaves time for a second one
                together.await(200, TimeUnit.MILLISECONDS);
              }
              for (int i = 0; i < 100; i++) {
                Thread.yield(); // the later ones leave some as well
              }
              inside.decrementAndGet();
            });
    assertThat(ended.wholeResult()).isZero();
    assertThat(most).as("calls at the same time").hasValue(1);
    for (String stage : List.of("first", "second", "third")) {
      assertThat(ended.failures()).filteredOn(f -> f.stage().equals(stage)).hasSize(100);
    }
  }

  @Test
  void slowHandlerSlowsTheRunAndMissesNothing() {
    var given = new AtomicInteger();
    var most = new AtomicInteger();
    var handled = new AtomicInteger();
    var source = Numbers.below(5_000).before(number -> given.incrementAndGet());
    var ended =
        run(
            Pipe.from(source).map("map", x -> raise(boom)).to(Sink.count()),
            Context.background(),
            failure -> {
              if (handled.incrementAndGet() < 20) {
                Thread.yield();
                most.accumulateAndGet(given.get() - handled.get(), Math::max);
              }
            });
    assertThat(ended.wholeResult()).isZero();
    assertThat(ended.failures()).hasSize(5_000);
    assertThat(most.get()).as("elements ahead of the handler").isLessThan(2_500);
  }

  @Test
  void handlerIsNotInterruptedWhenNobodyWantsMoreResults() {
    var handling = new CountDownLatch(1);
    var taken = new CountDownLatch(1);
    var pipe =
        Pipe.from(Numbers.below(2))
            .mapParallelUnordered(
                "map",
                2,
                x -> {
                  if (x == 1) {
                    return raise(boom);
                  }
                  await(handling);
                  return x;
                })
            .take("take", 1)
            .tee("taken", x -> taken.countDown());
    var interrupted = new AtomicBoolean();
    var ended =
        run(
            pipe.to(Sink.count()),
            Context.background(),
            failure -> {
              handling.countDown();
              await(taken);
              for (int i = 0; i < 100; i++) {
                Thread.yield();
              }
              interrupted.set(Thread.currentThread().isInterrupted());
            });
    assertThat(ended.result()).isEqualTo(1);
    assertThat(interrupted).isFalse();
    assertThat(ended.failures()).hasSize(1);
  }

  @Test
  void failuresOfASequentialStageComeInTheOrderOfTheElements() {
    var ended = run(Pipe.from(Numbers.below(100)).map("map", x -> raise(boom)).to(Sink.count()));
    assertThat(ended.failures())
        .extracting(failure -> (Object) failure.element())
        .isEqualTo(IntStream.range(0, 100).boxed().toList());
  }

  // Forbidden acts of functions

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // that is the test
  private static <T> T nothing() {
    return (@Nullable T) null;
  }

  private void failsAsNull(Pipe<Integer> pipe) {
    var ended = run(pipe.to(Sink.count()));
    assertThat(ended.result()).isZero();
    assertThat(ended.failures())
        .hasSize(3)
        .allSatisfy(
            failure -> assertThat(failure.cause()).isInstanceOf(NullPointerException.class));
  }

  @Test
  void nullIsAFailure() {
    failsAsNull(Pipe.from(Numbers.below(3)).map("a", x -> nothing()));
    failsAsNull(Pipe.from(Numbers.below(3)).filter("a", x -> nothing()));
    failsAsNull(Pipe.from(Numbers.below(3)).flatMap("a", x -> nothing()));
    failsAsNull(
        Pipe.from(Numbers.below(3))
            .flatMap("a", x -> Collections.singletonList(FailuresConformance.<Integer>nothing())));
    failsAsNull(Pipe.from(Numbers.below(3)).scan("a", () -> 0, (s, x) -> nothing()));
    failsAsNull(Pipe.from(Numbers.below(3)).distinct("a", x -> nothing()));
    failsAsNull(Pipe.from(Numbers.below(3)).mapParallel("a", 2, x -> nothing()));
    failsAsNull(Pipe.from(Numbers.below(3)).mapParallelUnordered("a", 2, x -> nothing()));
    failsAsNull(Pipe.from(Numbers.below(3)).mapKeyed("a", 2, x -> x, x -> nothing()));
    failsAsNull(Pipe.from(Numbers.below(3)).mapKeyed("a", 2, x -> nothing(), x -> x));
    failsAsNull(Pipe.from(Numbers.below(3)).mapAsync("a", 2, x -> nothing()));
    failsAsNull(
        Pipe.from(Numbers.below(3))
            .mapAsync("a", 2, x -> CompletableFuture.<Integer>completedFuture(nothing())));
    failsAsNull(Pipe.from(Numbers.below(3)).partitionBy("a", x -> nothing(), 2, lane -> lane));
    failsAsNull(
        Pipe.from(Numbers.below(3))
            .zip("a", Pipe.from("b", Numbers.below(3)), (x, y) -> nothing()));
  }

  @Test
  void asyncResultThatFailsIsTheElementsFailure() {
    var ended =
        run(
            Pipe.from(Numbers.below(3))
                .<Integer>mapAsync("map", 2, x -> CompletableFuture.failedFuture(boom))
                .to(Sink.count()));
    assertThat(ended.wholeResult()).isZero();
    assertThat(ended.failures())
        .hasSize(3)
        .allSatisfy(failure -> assertThat(failure.cause()).isSameAs(boom));
  }

  @Test
  void whatWasEmittedBeforeTheFailureStaysEmitted() {
    var pipe =
        Pipe.from(Numbers.below(3))
            .via(
                "via",
                () ->
                    (Integer element, Emitter<? super Integer> out) -> {
                      out.emit(element);
                      return FailuresConformance.<Transform.Outcome>raise(boom);
                    });
    var ended = run(pipe.to(Sink.<Integer>toList()));
    assertThat(ended.wholeResult()).containsExactly(0, 1, 2);
    assertThat(ended.report().stage("via").failed()).isEqualTo(3);
    assertThat(ended.report().stage("via").emitted()).isEqualTo(3);
  }

  @Test
  void failureAtTheEndOfAStageStopsTheRun() {
    var pipe =
        Pipe.from(Numbers.below(3))
            .via(
                "via",
                () ->
                    new Transform<Integer, Integer>() {
                      @Override
                      public Outcome accept(Integer element, Emitter<? super Integer> out) {
                        return Outcome.USED;
                      }

                      @Override
                      public void end(Emitter<? super Integer> out) throws Exception {
                        raise(boom);
                      }
                    });
    assertThat(run(pipe.to(Sink.count())).failed()).isSameAs(boom);
  }

  @Test
  void stateThatCannotBeMadeStopsTheRun() {
    Throwable error = new IllegalStateException("no state");
    var scan =
        Pipe.from(Numbers.below(3))
            .map("map", x -> x)
            .<Integer>scan(
                "scan",
                () -> {
                  throw new IllegalStateException("no state");
                },
                (s, x) -> x);
    var ended = run(scan.to(Sink.count()));
    assertThat(ended.failed()).isInstanceOf(error.getClass()).hasMessage(error.getMessage());
    var inLane =
        Pipe.from(Numbers.below(3))
            .balance(
                "balance",
                2,
                lane ->
                    lane.<Integer>scan(
                        "scan",
                        () -> {
                          throw new IllegalStateException("no state");
                        },
                        (s, x) -> x));
    assertThat(run(inLane.to(Sink.count())).failed()).hasMessage(error.getMessage());
  }
}
