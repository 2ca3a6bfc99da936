package dev.millrace.stages.internal.reactor;

import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.stages.internal.run.Activity;
import dev.millrace.stages.internal.run.Places;
import dev.millrace.stages.internal.run.RunCore;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A run over Reactor. A thread of its own, the keeper, waits for its end, then for the threads of
 * the stages, and closes the sink. While they do not end, it repeats the interrupts, in case one
 * was swallowed; after a time of grace it gives them up.
 */
public final class ReactorRun<R extends @Nullable Object> extends RunCore<R> {

  private static final Duration INSIST = Duration.ofNanos(INSIST_NANOS);

  private final Execution execution = new Execution(this);
  private final Thread keeper;
  private Sink.@Nullable Receiver<Object, R> receiver; // guarded by this
  private boolean sinkClosed; // guarded by this

  private ReactorRun(
      Pipeline<R> pipeline,
      Context context,
      StageConsumer<? super Failure<?>> onFailure,
      Duration grace,
      Consumer<? super ReactorRun<R>> onEnd) {
    super(pipeline.node(), context, onFailure, grace);
    Part last = new Planner(execution).planAll(pipeline.node());
    ledger().open(SinkSubscriber.NAME); // the report is complete from the beginning
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
   * Like {@link dev.millrace.pipeline.Engine#start}.
   *
   * @param onEnd gets the run in its last thread, when the others have ended
   */
  public static <R extends @Nullable Object> ReactorRun<R> start(
      Pipeline<R> pipeline,
      Context context,
      StageConsumer<? super Failure<?>> onFailure,
      Duration grace,
      Consumer<? super ReactorRun<R>> onEnd) {
    var run = new ReactorRun<R>(pipeline, context, onFailure, grace, onEnd);
    run.begin();
    run.keeper.start();
    return run;
  }

  // In the threads of the run

  private void keep(Part last, Sink<Object, R> sink) {
    execution.threads().execute(() -> open(last, sink));
    execution.await();
    try {
      awaitStages();
      closeSink();
    } catch (InterruptedException e) {
      throw new AssertionError("no thread interrupts the keeper of a run", e);
    }
    end();
  }

  private void open(Part last, Sink<Object, R> sink) {
    Sink.Receiver<Object, R> opened;
    try {
      opened = Objects.requireNonNull(sink.open(context()), "the sink opened null");
    } catch (Throwable e) {
      execution.thrown(e, true, Places::sinkOpened);
      return;
    }
    boolean late;
    synchronized (this) {
      late = sinkClosed;
      receiver = opened;
    }
    if (late) { // the run has not waited for it
      execution.close(opened, Places::sinkClosed);
    } else if (!isStopped()) {
      last.flux().subscribe(new SinkSubscriber(execution, sink, opened, last.tap()));
    }
  }

  private void awaitStages() throws InterruptedException {
    RunThreads threads = execution.threads();
    threads.close();
    boolean ended =
        await(
            timeout -> {
              threads.interruptAll(
                  isStopped() ? Interrupts.Reason.STOPPED : Interrupts.Reason.UNWANTED);
              return threads.join(timeout);
            });
    if (!ended) {
      giveUpThreads(threads.alive());
    }
  }

  /** Waits for threads up to the timeout; true if they have ended. */
  private interface Join {
    boolean within(Duration timeout) throws InterruptedException;
  }

  /**
   * Waits for threads. Before the run is stopped, the wait has no limit, because a busy machine
   * must not lose a result. Once the run is stopped, the limit is the time of grace.
   */
  private boolean await(Join threads) throws InterruptedException {
    long graceBegins = Time.nanoTime();
    while (!threads.within(INSIST)) {
      look(); // so that it is known how long a function ignores its interrupt
      long now = Time.nanoTime();
      if (!isStopped()) {
        graceBegins = now;
      } else if (now - graceBegins >= grace().toNanos()) {
        return false;
      }
    }
    return true;
  }

  private void giveUpThreads(List<Thread> threads) {
    giveUp(threads.stream().map(StillThere::new).toList());
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
    Thread closer =
        Thread.ofVirtual().name("millrace-close").start(() -> context().run(() -> close(opened)));
    if (!await(closer::join)) {
      closer.interrupt();
      if (!Time.join(closer, INSIST)) {
        giveUpThreads(List.of(closer));
      }
    }
  }

  private void close(Sink.@Nullable Receiver<Object, R> opened) {
    execution.leftovers().closeAll();
    if (opened != null) {
      execution.close(opened, Places::sinkClosed);
    }
  }

  // The end, and the methods for all threads

  @Override
  public void awaitEnd() throws InterruptedException {
    keeper.join();
  }

  @Override
  public boolean isDone() {
    return !keeper.isAlive();
  }

  @Override
  public RunReport report() {
    return inferred(super.report());
  }

  @Override
  protected void addCalls(List<Activity> calls) {
    execution.calls().addTo(calls);
  }
}
