package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.errors.Descriptions;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.graph.Inside;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The run of a pipeline with a source that settles. A thread waits for its end, abandons what is
 * not settled, and closes the sources; it is a platform thread, because functions that only compute
 * can keep all others away.
 */
final class SettlingRun<R extends @Nullable Object> implements Run<R> {

  private final Run<R> run;
  private final Inside inside;
  private final Unsettled unsettled;
  private final Thread keeper;
  private List<Throwable> failures = List.of(); // by the keeper

  private SettlingRun(Run<R> run, Inside inside, Unsettled unsettled) {
    this.run = run;
    this.inside = inside;
    this.unsettled = unsettled;
    Context context = inside.mark(Context.background());
    this.keeper =
        Thread.ofPlatform()
            .daemon()
            .name("millrace-settle")
            .unstarted(() -> context.run(this::keep));
  }

  static <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline,
      Engine engine,
      Context context,
      StageConsumer<? super Failure<?>> onFailure) {
    var unsettled = new Unsettled();
    return start(pipeline, engine, context, onFailure, unsettled, new Lift(unsettled));
  }

  static <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline,
      Engine engine,
      Context context,
      StageConsumer<? super Failure<?>> onFailure,
      Unsettled unsettled,
      Lift lift) {
    Pipeline<R> lifted = pipeline.lifted(lift);
    var inside = new Inside();
    Run<R> started = engine.start(lifted, inside.mark(context), lift.handler(onFailure));
    var run = new SettlingRun<R>(started, inside, unsettled);
    run.keeper.start();
    return run;
  }

  private void keep() {
    try {
      run.join();
    } catch (Throwable e) {
      // who joins is told
    } finally {
      failures = unsettled.end();
    }
  }

  @Override
  public R join() throws InterruptedException, ExecutionException {
    if (!isDone()) {
      inside.refuseJoin();
    }
    keeper.join();
    R result;
    try {
      result = run.join();
    } catch (Exception e) { // a new one for each join, by the engine
      failures.forEach(e::addSuppressed);
      throw e;
    }
    if (!failures.isEmpty()) {
      Throwable first = failures.getFirst();
      var exception =
          new ExecutionException(
              "the run failed at its end: " + Descriptions.ofCause(first), first);
      failures.stream().skip(1).forEach(exception::addSuppressed);
      throw exception;
    }
    return result;
  }

  @Override
  public boolean isDone() {
    return !keeper.isAlive();
  }

  @Override
  public void cancel(Throwable cause) {
    run.cancel(Objects.requireNonNull(cause, "cause"));
  }

  @Override
  public void drain(Duration timeout) {
    run.drain(timeout);
  }

  @Override
  public RunReport report() {
    return run.report();
  }

  @Override
  public String explain() {
    return run.explain();
  }

  @Override
  public void close() {
    run.close();
    if (inside.isHere()) {
      return;
    }
    boolean interrupted = false;
    while (keeper.isAlive()) {
      try {
        keeper.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
