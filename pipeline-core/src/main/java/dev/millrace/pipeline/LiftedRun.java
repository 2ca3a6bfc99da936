package dev.millrace.pipeline;

import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.context.Context;
import dev.millrace.errors.Descriptions;
import dev.millrace.errors.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The run of a {@linkplain Lift lifted} pipeline. A thread, the keeper, waits for the end of the
 * run. Then it closes the open resources, abandons the unsettled elements, and closes the settling
 * sources. It is a platform thread, because functions that only compute can occupy all carriers of
 * virtual threads. If no source settles, the keeper starts with the first resource.
 */
final class LiftedRun<R extends @Nullable Object> implements Run<R> {

  private final Unsettled unsettled;
  private final Inside inside = new Inside();
  private final Context marked = inside.mark(Context.background());
  private final Resources resources = new Resources(this::startKeeper, this::closeFailed);
  private final Thread keeper =
      Thread.ofPlatform().daemon().name("millrace-keeper").unstarted(() -> marked.run(this::keep));
  private final CountDownLatch started = new CountDownLatch(1);
  private final AtomicReference<@Nullable Throwable> closeFailure = new AtomicReference<>();
  private volatile boolean isKept;
  private @Nullable Run<R> run; // written before the latch opens
  private List<Throwable> failures = List.of(); // by the keeper

  private LiftedRun(Unsettled unsettled) {
    this.unsettled = unsettled;
  }

  static <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline,
      boolean settles,
      Engine engine,
      Context context,
      StageConsumer<? super Failure<?>> onFailure) {
    return start(pipeline, settles, engine, context, onFailure, new Unsettled(), Lift::new);
  }

  /** Makes the lift of a run. */
  interface Lifting {
    Lift lift(Unsettled unsettled, Resources resources);
  }

  static <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline,
      boolean settles,
      Engine engine,
      Context context,
      StageConsumer<? super Failure<?>> onFailure,
      Unsettled unsettled,
      Lifting lifting) {
    var lifted = new LiftedRun<R>(unsettled);
    Lift lift = lifting.lift(unsettled, lifted.resources);
    lifted.run =
        engine.start(pipeline.lifted(lift), lifted.inside.mark(context), lift.handler(onFailure));
    lifted.started.countDown();
    if (settles) {
      lifted.startKeeper();
    }
    return lifted;
  }

  private Run<R> run() {
    return Objects.requireNonNull(run);
  }

  private void startKeeper() {
    if (!isKept) {
      synchronized (keeper) {
        if (!isKept) {
          keeper.start();
          isKept = true;
        }
      }
    }
  }

  private void keep() {
    Uninterruptibly.await(started::await);
    try {
      if (run() instanceof Awaited awaited) { // a join would count as the join of a caller
        awaited.awaitEnd();
      } else {
        run().join();
      }
    } catch (Throwable e) {
      // join() throws it
    } finally {
      resources.end();
      failures = unsettled.end();
    }
  }

  /** A failed close stops the run, if the run has not ended. */
  private void closeFailed(Throwable thrown) {
    if (closeFailure.compareAndSet(null, thrown)) {
      Uninterruptibly.await(started::await);
      run().cancel(thrown);
    }
  }

  @Override
  public R join() throws InterruptedException, ExecutionException {
    if (!isDone()) {
      inside.refuseJoin();
    }
    R result;
    try {
      result = run().join();
      awaitKeeper();
    } catch (CancellationException e) {
      awaitKeeper();
      Throwable close = closeFailure.get();
      if (close == null || e.getCause() != close) {
        throw withFailures(e);
      }
      throw withFailures(
          new ExecutionException(
              "the run failed: could not close: " + Descriptions.ofCause(close), close));
    } catch (ExecutionException e) {
      awaitKeeper();
      throw withFailures(e);
    }
    List<Throwable> all = allFailures();
    if (!all.isEmpty()) {
      Throwable first = all.getFirst();
      throw withFailures(
          new ExecutionException(
              "the run failed at its end: " + Descriptions.ofCause(first), first));
    }
    return result;
  }

  /** Waits for the keeper. Called after the run has ended, when no resource is opened any more. */
  private void awaitKeeper() throws InterruptedException {
    if (isKept) {
      keeper.join();
    }
  }

  private List<Throwable> allFailures() {
    List<Throwable> all = new ArrayList<>(failures);
    Throwable close = closeFailure.get();
    if (close != null) {
      all.addFirst(close);
    }
    return all;
  }

  /**
   * Adds the failures to an exception of this library: the engine, or this class, makes a new one
   * for each join.
   */
  private <E extends Exception> E withFailures(E thrown) {
    for (Throwable each : allFailures()) {
      if (each != thrown.getCause()) {
        thrown.addSuppressed(each);
      }
    }
    return thrown;
  }

  @Override
  public boolean isDone() {
    return run().isDone() && !keeper.isAlive();
  }

  @Override
  public void cancel(Throwable cause) {
    run().cancel(Objects.requireNonNull(cause, "cause"));
  }

  @Override
  public void drain(Duration timeout) {
    run().drain(timeout);
  }

  @Override
  public RunReport report() {
    return run().report();
  }

  @Override
  public String explain() {
    return run().explain();
  }

  @Override
  public void close() {
    run().close();
    if (isKept && !inside.isHere()) {
      Uninterruptibly.await(keeper::join);
    }
  }
}
