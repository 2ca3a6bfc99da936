package dev.millrace.stages.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageConsumer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** Common steps of the tests of the engine. */
final class Runs {

  static final Engine ENGINE = Engine.reactor();

  private Runs() {}

  /** The numbers from 1 to {@code n}. */
  static List<Integer> upTo(int n) {
    return IntStream.rangeClosed(1, n).boxed().toList();
  }

  /** The numbers from 1 to {@code n}. */
  static Pipe<Integer> numbers(int n) {
    return Pipe.from(Source.of(upTo(n)));
  }

  /** The same, from a source with this name. */
  static Pipe<Integer> numbers(String name, int n) {
    return Pipe.from(name, Source.of(upTo(n)));
  }

  /** The numbers from 1 on. */
  static Pipe<Integer> endless() {
    var next = new AtomicInteger();
    return Pipe.from(Source.generate(next::incrementAndGet));
  }

  /** The numbers from 1 on, from a source called "other". */
  static Pipe<Integer> other() {
    var next = new AtomicInteger();
    return Pipe.from("other", Source.generate(next::incrementAndGet));
  }

  /** Waits until it is interrupted. */
  static <T> T stop(T element) throws InterruptedException {
    new CountDownLatch(1).await();
    return element;
  }

  /** Like {@link #stop(Object)}. Signals that it waits, and that it was interrupted. */
  static <T> T stop(T element, CountDownLatch running, CountDownLatch interrupted)
      throws InterruptedException {
    running.countDown();
    try {
      return stop(element);
    } catch (InterruptedException e) {
      interrupted.countDown();
      throw e;
    }
  }

  /** The result of the pipeline. Its counts must balance. */
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
