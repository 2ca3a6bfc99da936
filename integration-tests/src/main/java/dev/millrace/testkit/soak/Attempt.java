package dev.millrace.testkit.soak;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import dev.millrace.testkit.conformance.Books;
import java.time.Duration;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One checked run of a subject: started, disturbed, joined, and checked, in a thread of its own.
 */
final class Attempt<R> {

  private static final Duration ALL_THE_TIME = Duration.ofHours(1);
  private static final int MOST_MILLIS = 3_000;

  /** How a run ended. */
  enum Ending {
    WHOLE,
    CUT_SHORT,
    DRAINED
  }

  private final long seed;
  private final Engine engine;
  private final Subject<R> subject;
  private final Disturbance disturbance;
  private final int at;
  private final Duration timeout;
  private final CountDownLatch gate;
  private final Plant plant;
  private final IllegalStateException cause;
  private final AtomicInteger calls = new AtomicInteger();
  private final CompletableFuture<Run<R>> started = new CompletableFuture<>();

  /**
   * Draws the disturbance of the subject.
   *
   * @param gate the first call of a function waits for it
   */
  Attempt(long seed, Engine engine, Subject<R> subject, CountDownLatch gate, Plant plant) {
    RandomGenerator random = new SplittableRandom(~seed);
    this.seed = seed;
    this.engine = engine;
    this.subject = subject;
    this.gate = gate;
    this.plant = plant;
    Disturbance[] all = Disturbance.values();
    this.disturbance = random.nextBoolean() ? Disturbance.NONE : all[random.nextInt(all.length)];
    this.at = 1 + random.nextInt(subject.calls());
    this.timeout = Duration.ofMillis(random.nextInt(1 + random.nextInt(MOST_MILLIS)));
    this.cause = new IllegalStateException("cancelled by a function");
  }

  /** Waits until the run was started. */
  void awaitStart() {
    started.join();
  }

  boolean isRunning() {
    return !started.join().isDone();
  }

  /** The explanation of a run that does not end. */
  String explain() {
    return this + "\n" + (started.isDone() ? started.join().explain() : "not started");
  }

  /** Runs it to its end. */
  Outcome run(Context root) throws Exception {
    try (CancellableContext parent = root.withCancel();
        CancellableContext context =
            disturbance == Disturbance.DEADLINE
                ? parent.withTimeout(timeout)
                : parent.withCancel()) {
      Pipeline<R> pipeline = subject.pipeline(() -> called(parent));
      Run<R> run = start(pipeline, context);
      return check(pipeline, run);
    }
  }

  private Run<R> start(Pipeline<R> pipeline, Context context) {
    try {
      Run<R> run = pipeline.start(engine, context, subject::failed);
      started.complete(run);
      return run;
    } catch (Throwable e) {
      started.completeExceptionally(e);
      throw e;
    }
  }

  /** A function of the pipeline runs. */
  private void called(CancellableContext parent) throws InterruptedException {
    gate.await();
    plant.call();
    if (disturbance.isInCall() && calls.incrementAndGet() == at) {
      switch (disturbance) {
        case CANCELLED -> started.join().cancel(cause);
        case PARENT_CANCELLED -> parent.cancel(cause);
        case DRAINED -> started.join().drain(ALL_THE_TIME);
        case DRAINED_IN_HASTE -> started.join().drain(timeout);
        case NONE, DEADLINE -> {}
      }
    }
  }

  private Outcome check(Pipeline<R> pipeline, Run<R> run) throws Exception {
    R result = null;
    Throwable thrown = null;
    try {
      result = run.join();
    } catch (CancellationException e) {
      thrown = Objects.requireNonNull(e.getCause());
    } catch (ExecutionException e) {
      throw new AssertionError("the run has failed: " + this, e);
    }
    RunReport report = plant.report(run.report());
    Ending ending = ending(thrown);
    Books.audit(pipeline, report);
    checkFailures(report);
    if (ending == Ending.WHOLE) {
      subject.check(plant.result(Objects.requireNonNull(result)), report);
    } else {
      subject.checkCut(disturbance, report);
    }
    if (ending != Ending.CUT_SHORT && subject.takesAll()) {
      checkNothingIsLeft(report);
    }
    return Outcome.of(ending, report);
  }

  private Ending ending(@Nullable Throwable thrown) {
    boolean hasHappened = calls.get() >= at;
    boolean isExpected =
        switch (disturbance) {
          case NONE -> thrown == null;
          case CANCELLED, PARENT_CANCELLED -> hasHappened ? thrown == cause : thrown == null;
          case DEADLINE -> thrown == null || thrown instanceof DeadlineExceededException;
          case DRAINED -> thrown == null;
          case DRAINED_IN_HASTE ->
              thrown == null || (hasHappened && thrown instanceof TimeoutException);
        };
    if (!isExpected) {
      throw new AssertionError(
          "%s, which %s, and the run ended with %s"
              .formatted(this, hasHappened ? "has happened" : "has not happened", thrown),
          thrown);
    }
    if (thrown != null) {
      return Ending.CUT_SHORT;
    }
    boolean isDrained =
        disturbance == Disturbance.DRAINED || disturbance == Disturbance.DRAINED_IN_HASTE;
    return isDrained && hasHappened ? Ending.DRAINED : Ending.WHOLE;
  }

  private void checkFailures(RunReport report) {
    long failed = report.stages().stream().mapToLong(StageReport::failed).sum();
    if (failed != subject.failures()) {
      throw new AssertionError(
          "%d failures by the report, but the handlers had %d\n%s"
              .formatted(failed, subject.failures(), report.explain()));
    }
  }

  private void checkNothingIsLeft(RunReport report) {
    for (StageReport stage : report.stages()) {
      if (stage.unprocessed() != 0 || stage.undelivered() != 0) {
        throw new AssertionError("it was not cancelled, but elements are left over: " + stage);
      }
    }
  }

  @Override
  public String toString() {
    return "seed %d on %s, %s%s: %s"
        .formatted(
            seed,
            engine.name(),
            disturbance,
            disturbance.isInCall()
                ? " in call " + at
                : disturbance == Disturbance.DEADLINE ? " after " + timeout : "",
            subject);
  }
}
