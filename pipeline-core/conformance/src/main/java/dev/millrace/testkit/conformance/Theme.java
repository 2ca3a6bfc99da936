package dev.millrace.testkit.conformance;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageConsumer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The common part of all groups of tests of the kit. */
abstract class Theme {

  private final List<Trial<?>> trials = new ArrayList<>();

  private @Nullable EngineConformance kit;

  /** A theme is nested in the test of an engine: the enclosing instance is the kit. */
  @RegisterExtension
  final BeforeEachCallback findsItsKit =
      context ->
          kit =
              context
                  .getRequiredTestInstances()
                  .findInstance(EngineConformance.class)
                  .orElseThrow();

  /** For a theme that JUnit does not run. */
  final void kit(EngineConformance given) {
    kit = given;
  }

  EngineConformance kit() {
    return Objects.requireNonNull(kit, "a theme runs nested in an EngineConformance only");
  }

  @BeforeEach
  void engineIsToKeepThis(TestInfo test) {
    String name = test.getTestMethod().orElseThrow().getName();
    assumeFalse(kit().notKept().contains(name), "the engine does not keep this promise yet");
  }

  /** Cancels the runs that a failed test has left, so that they do not disturb the next test. */
  @AfterEach
  void stopWhatStillRuns() {
    for (Trial<?> trial : trials) {
      if (!trial.run().isDone()) {
        trial.run().cancel(new CancellationException("the test has ended"));
      }
    }
  }

  private <R> Trial<R> trial(
      Engine engine,
      Pipeline<R> pipeline,
      Context context,
      StageConsumer<? super Failure<?>> onFailure) {
    var trial = new Trial<>(kit(), engine, pipeline, context, onFailure);
    trials.add(trial);
    return trial;
  }

  /** Starts a pipeline whose failures are collected. */
  final <R> Trial<R> start(Pipeline<R> pipeline) {
    return start(pipeline, Context.background(), failure -> {});
  }

  final <R> Trial<R> start(
      Pipeline<R> pipeline, Context context, StageConsumer<? super Failure<?>> onFailure) {
    return trial(kit().engine(), pipeline, context, onFailure);
  }

  /** Like {@link #start}, with this grace period. */
  final <R> Trial<R> startWithGrace(Pipeline<R> pipeline, Duration grace) {
    return trial(kit().engine(grace), pipeline, Context.background(), failure -> {});
  }

  /** Runs a pipeline to its end. */
  final <R> Ended<R> run(Pipeline<R> pipeline) {
    return start(pipeline).end();
  }

  final <R> Ended<R> run(
      Pipeline<R> pipeline, Context context, StageConsumer<? super Failure<?>> onFailure) {
    return start(pipeline, context, onFailure).end();
  }

  /** The elements that a pipe emits; fails if an element gets lost. */
  final <T> List<T> elements(Pipe<T> pipe) {
    return run(pipe.to(Sink.<T>toList())).wholeResult();
  }

  final void await(CountDownLatch latch) {
    try {
      if (!latch.await(kit().patience().toNanos(), TimeUnit.NANOSECONDS)) {
        throw new AssertionError("has not happened within " + kit().patience());
      }
    } catch (InterruptedException e) {
      throw new AssertionError("the test was interrupted", e);
    }
  }

  /** Waits until the latch is open, but at most that long; an interrupt does not end the wait. */
  static void awaitWhateverInterrupts(CountDownLatch latch, Duration atMost) {
    long end = System.nanoTime() + atMost.toNanos();
    boolean isOver = false;
    while (!isOver) {
      try {
        isOver =
            latch.await(end - System.nanoTime(), TimeUnit.NANOSECONDS)
                || System.nanoTime() - end >= 0;
      } catch (InterruptedException e) {
        // the wait goes on; the flag is clear now
      }
    }
  }

  final void await(String what, Callable<Boolean> condition) {
    Awaitility.await(what)
        .atMost(kit().patience())
        .pollInSameThread()
        .pollInterval(Duration.ofMillis(1))
        .until(condition);
  }

  /**
   * Waits until no stage has asked the source for an element for some time. Then all stages behind
   * it are full, or the thread that reads it is busy in one of these stages.
   */
  final void awaitStandstill(Numbers source) {
    var last = new AtomicInteger();
    Awaitility.await("a standstill of the source")
        .atMost(kit().patience())
        .pollInSameThread()
        .pollInterval(Duration.ofMillis(30))
        .until(() -> source.given() > 0 && last.getAndSet(source.given()) == source.given());
  }

  /** The numbers below {@code number}; then the source blocks, and counts {@code waiting} down. */
  static Numbers silentFrom(int number, CountDownLatch waiting) {
    return Numbers.endless()
        .at(
            number,
            () -> {
              waiting.countDown();
              blockForever();
            });
  }

  /** Blocks until the thread is interrupted. */
  @SuppressWarnings("TypeParameterUnusedInFormals") // it never returns
  static <T> T blockForever() throws InterruptedException {
    new CountDownLatch(1).await();
    throw new AssertionError("the latch can never be counted down");
  }

  /** Throws its argument. */
  @SuppressWarnings("TypeParameterUnusedInFormals") // it never returns
  static <T> T raise(@Nullable Throwable thrown) throws Exception {
    switch (thrown) {
      case Exception exception -> throw exception;
      case Error error -> throw error;
      case null, default -> throw new AssertionError("neither exception nor error", thrown);
    }
  }
}
