package dev.millrace.stages.reactor;

import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.stages.reactor.Execution.End;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A run over Reactor. A thread of its own, the keeper, waits for its end, then for the threads of
 * the stages, and closes the sink. While they do not end, it repeats the interrupts, in case one
 * was swallowed; after a time of grace it gives them up.
 */
final class ReactorRun<R extends @Nullable Object> implements Run<R> {

  private static final Duration INSIST = Duration.ofMillis(100);

  private final Execution execution;
  private final Standstill standstill;
  private final Duration grace;
  private final Thread keeper;
  private volatile @Nullable End end;
  private @Nullable Runnable timer; // ends it; guarded by this
  private Sink.@Nullable Receiver<Object, R> receiver; // guarded by this
  private boolean sinkClosed; // guarded by this

  private ReactorRun(
      Execution execution,
      Part last,
      Pipeline<R> pipeline,
      Duration grace,
      Consumer<? super ReactorRun<R>> onEnd) {
    this.execution = execution;
    this.standstill = new Standstill(pipeline.node());
    this.grace = grace;
    this.keeper =
        Thread.ofVirtual()
            .name("millrace-run")
            .unstarted(
                () -> {
                  keep(last, pipeline.sink());
                  onEnd.accept(this);
                });
  }

  /**
   * As {@link dev.millrace.pipeline.Engine#start}.
   *
   * @param onEnd gets the run in its last thread, when the others have ended
   */
  static <R extends @Nullable Object> ReactorRun<R> start(
      Pipeline<R> pipeline,
      Context context,
      StageConsumer<? super Failure<?>> onFailure,
      Duration grace,
      Consumer<? super ReactorRun<R>> onEnd) {
    var execution = new Execution(context, onFailure);
    Part last = new Compiler(execution).compile(pipeline.node());
    execution.ledger().open(SinkSubscriber.NAME); // the report is complete from the beginning
    var run = new ReactorRun<R>(execution, last, pipeline, grace, onEnd);
    run.keeper.start();
    return run;
  }

  // In the threads of the run

  private void keep(Part last, Sink<Object, R> sink) {
    execution.workers().execute(() -> open(last, sink));
    end = execution.await();
    try {
      awaitStages();
      closeSink();
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts this thread", e);
    }
    stopTimer();
    execution.release();
    execution.ledger().close();
  }

  private void open(Part last, Sink<Object, R> sink) {
    Sink.Receiver<Object, R> opened;
    try {
      opened = sink.open(execution.context());
    } catch (Throwable e) {
      execution.thrown(e, true);
      return;
    }
    boolean late;
    synchronized (this) {
      late = sinkClosed;
      receiver = opened;
    }
    if (late) { // the run has not waited for it
      execution.close(opened);
    } else if (!execution.isStopped()) {
      last.flux().subscribe(new SinkSubscriber(execution, opened, last.tap()));
    }
  }

  private void awaitStages() throws InterruptedException {
    Workers workers = execution.workers();
    workers.close();
    boolean ended =
        await(
            timeout -> {
              workers.interruptAll(
                  execution.isStopped() ? Interrupts.Reason.STOPPED : Interrupts.Reason.UNWANTED);
              return workers.join(timeout);
            });
    if (!ended) {
      giveUp(workers.alive());
    }
  }

  /** Waits for threads for so long; tells whether they have ended. */
  private interface Join {
    boolean within(Duration timeout) throws InterruptedException;
  }

  /**
   * Waits for threads: once the run is stopped, for the time of grace; before that, as long as they
   * take, since a result is not to be lost because a machine is busy.
   */
  private boolean await(Join threads) throws InterruptedException {
    long graceBegins = System.nanoTime();
    while (!threads.within(INSIST)) {
      long now = System.nanoTime();
      if (!execution.isStopped()) {
        graceBegins = now;
      } else if (now - graceBegins >= grace.toNanos()) {
        return false;
      }
    }
    return true;
  }

  private void giveUp(List<Thread> threads) {
    var exception =
        new TimeoutException(
            "after %s of grace, functions ignore that they are interrupted:%n%s"
                .formatted(grace, explain()));
    for (Thread thread : threads) {
      exception.addSuppressed(new StillThere(thread));
    }
    execution.late(exception);
  }

  /** Shows by its stack trace where a thread is. */
  private static final class StillThere extends Throwable {
    private static final long serialVersionUID = 1L;

    StillThere(Thread thread) {
      super("a thread of the run is here", null, false, true);
      setStackTrace(thread.getStackTrace());
    }
  }

  private void closeSink() throws InterruptedException {
    Sink.Receiver<Object, R> opened;
    synchronized (this) {
      sinkClosed = true;
      opened = receiver;
    }
    if (opened == null) {
      return;
    }
    Thread closer =
        Thread.ofVirtual()
            .name("millrace-sink-close")
            .start(() -> execution.context().run(() -> execution.close(opened)));
    if (!await(closer::join)) {
      closer.interrupt();
      if (!closer.join(INSIST)) {
        giveUp(List.of(closer));
      }
    }
  }

  // What everyone may call

  @Override
  public R join() throws InterruptedException, ExecutionException {
    keeper.join();
    return result();
  }

  /** What {@link #join} returns or throws; for the time when the stages have ended. */
  @SuppressWarnings("unchecked") // the result is the sink's
  R result() throws ExecutionException {
    List<Throwable> late = execution.late();
    switch (Objects.requireNonNull(end)) {
      case End.Completed(Object value) -> {
        if (late.isEmpty()) {
          return (R) value;
        }
        Throwable first = late.getFirst();
        throw failure(first, first.toString(), late);
      }
      case End.Failed(Throwable cause, String message) -> throw failure(cause, message, late);
      case End.Cancelled(Throwable cause) -> {
        var exception = new CancellationException("the run was cancelled: " + cause);
        exception.initCause(cause);
        suppress(exception, cause, late);
        throw exception;
      }
    }
  }

  private static ExecutionException failure(Throwable cause, String message, List<Throwable> late) {
    var exception = new ExecutionException("the run failed: " + message, cause);
    suppress(exception, cause, late);
    return exception;
  }

  private static void suppress(Throwable exception, Throwable cause, List<Throwable> late) {
    for (Throwable other : late) {
      if (other != cause) {
        exception.addSuppressed(other);
      }
    }
  }

  @Override
  public boolean isDone() {
    return !keeper.isAlive();
  }

  @Override
  public void cancel(Throwable cause) {
    execution.cancel(Objects.requireNonNull(cause, "cause"));
  }

  @Override
  public void drain(Duration timeout) {
    Objects.requireNonNull(timeout, "timeout");
    Duration longest = Duration.ofDays(36500);
    synchronized (this) {
      if (end == null) {
        stopTimer();
        // Not by a timer of the common pool: what occupies that would hold up the cancellation.
        var deadline =
            Context.background().withTimeout(timeout.compareTo(longest) < 0 ? timeout : longest);
        var late = CancelSource.listen(deadline, () -> cancelDrain(timeout));
        timer =
            () -> {
              late.stop();
              deadline.close();
            };
      }
    }
    execution.drain();
  }

  private void cancelDrain(Duration timeout) {
    cancel(
        new TimeoutException(
            "the drain has not ended within %s:%n%s".formatted(timeout, explain())));
  }

  private synchronized void stopTimer() {
    if (timer != null) {
      timer.run();
      timer = null;
    }
  }

  @Override
  public RunReport report() {
    return standstill.look(execution.ledger().report());
  }

  @Override
  public void close() {
    if (!isDone()) {
      cancel(new CancellationException("the run was closed"));
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
