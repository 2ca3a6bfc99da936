package dev.millrace.testkit.conformance;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Causes;
import dev.millrace.errors.Descriptions;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Inside;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.SourceFailure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.ledger.Ledger;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A run of the reference engine: its threads, its end, and its failures. */
final class ReferenceRun<R extends @Nullable Object> implements Run<R> {

  final ReentrantLock lock = new ReentrantLock();
  private final List<Condition> waits = new ArrayList<>();
  private final Condition ended = newWait();
  final Ledger ledger = new Ledger();
  final CancellableContext context;
  private final Inside inside = new Inside();
  private final Set<Defect> defects;
  private final Duration grace;
  final FailedElements failures;
  private final Thread keeper = Thread.ofVirtual().unstarted(this::keep);
  private final Map<Worker, Thread> workers = new LinkedHashMap<>();
  private final List<SourceReader> sources = new ArrayList<>();
  private final List<Throwable> late = new ArrayList<>();
  private boolean isDraining;
  private boolean isCompleted;
  private @Nullable R result;
  private @Nullable Throwable failure;
  private @Nullable Throwable cancellation;
  private String message = "";
  private @Nullable Throwable pending;
  private String pendingMessage = "";

  ReferenceRun(
      Context parent,
      StageConsumer<? super Failure<?>> onFailure,
      Duration grace,
      Set<Defect> defects) {
    this.context =
        inside
            .mark(has(defects, Defect.FORGETS_CONTEXT_VALUES) ? Context.background() : parent)
            .withCancel();
    if (has(defects, Defect.FORGETS_CONTEXT_VALUES)) {
      var _ = parent.afterFunc(() -> context.cancel(Objects.requireNonNull(parent.cause())));
    }
    this.failures = new FailedElements(this, onFailure);
    this.grace = grace;
    this.defects = defects;
  }

  private static boolean has(Set<Defect> defects, Defect defect) {
    return defects.contains(defect);
  }

  boolean has(Defect defect) {
    return defects.contains(defect);
  }

  void start(Pipeline<R> pipeline) {
    new Building(this).build(pipeline);
    var _ = context.afterFunc(this::stopAll);
    if (has(Defect.LEAKS_A_THREAD)) {
      Thread.ofVirtual().start(() -> await(new Object(), Long.MAX_VALUE));
    }
    keeper.start();
  }

  // Threads

  /** Starts a thread of a stage; nothing that it throws gets lost. */
  void fork(Worker worker, Worker.Body body) {
    lock.lock();
    try {
      if (context.isCancelled() && !has(Defect.IGNORES_CANCELLATION)) {
        worker.stop();
      }
      Runnable task = () -> context.run(() -> run(worker, body));
      Thread thread = Thread.ofVirtual().name("reference-" + worker.stage).unstarted(task);
      workers.put(worker, thread);
      thread.start();
    } finally {
      lock.unlock();
    }
  }

  private void run(Worker worker, Worker.Body body) {
    worker.begin();
    try {
      body.run(worker);
    } catch (Stopped e) {
      // it was told to
    } catch (Throwable e) {
      if (!(worker.isStopped() && isInterruption(e))) {
        fail(e);
      }
    } finally {
      lock.lock();
      try {
        workers.remove(worker);
        ended.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private void stopAll() {
    if (has(Defect.IGNORES_CANCELLATION)) {
      return;
    }
    if (has(Defect.ENDS_BEFORE_ITS_THREADS)) {
      awaitEnd(); // so that the functions still run at the end
    }
    lock.lock();
    try {
      workers.keySet().forEach(Worker::stop);
      wakeAll();
    } finally {
      lock.unlock();
    }
  }

  static boolean isInterruption(Throwable thrown) {
    return null
        != Causes.find(
            thrown,
            e ->
                e instanceof InterruptedException
                    || e instanceof CancellationException
                    || e instanceof InterruptedIOException
                    || e instanceof ClosedByInterruptException);
  }

  private void keep() {
    long end = Long.MAX_VALUE;
    lock.lock();
    try {
      while (!workers.isEmpty()) {
        boolean gives = context.isCancelled() && !has(Defect.WAITS_FOR_STUBBORN_FUNCTIONS);
        if (gives && end == Long.MAX_VALUE) {
          end = System.nanoTime() + grace.toNanos();
        }
        if (gives && System.nanoTime() - end >= 0) {
          abandon();
          break;
        }
        if ((isCompleted || context.isCancelled()) && has(Defect.ENDS_BEFORE_ITS_THREADS)) {
          break;
        }
        try {
          var _ = ended.awaitNanos(TimeUnit.MILLISECONDS.toNanos(20));
        } catch (InterruptedException e) {
          throw new AssertionError("nobody interrupts this thread", e);
        }
      }
    } finally {
      lock.unlock();
    }
    lock.lock();
    try {
      if (!isCompleted && failure == null) {
        cancellation = context.cause();
      }
    } finally {
      lock.unlock();
    }
    context.cancel();
    ledger.close();
  }

  private void abandon() {
    List<String> stages = workers.keySet().stream().map(worker -> worker.stage).toList();
    late.add(
        new TimeoutException(
            "after %s of grace, functions ignore that they are interrupted, in stages %s"
                .formatted(
                    Descriptions.ofDuration(grace),
                    has(Defect.NAMES_NO_STUBBORN_FUNCTION) ? "" : stages)));
  }

  /** Something that threads of the run wait for, with the lock. */
  Condition newWait() {
    lock.lock();
    try {
      Condition condition = lock.newCondition();
      waits.add(condition);
      return condition;
    } finally {
      lock.unlock();
    }
  }

  void wakeAll() {
    lock.lock();
    try {
      waits.forEach(Condition::signalAll);
    } finally {
      lock.unlock();
    }
  }

  static void await(Object lock, long nanos) {
    synchronized (lock) {
      try {
        TimeUnit.NANOSECONDS.timedWait(lock, nanos);
      } catch (InterruptedException e) {
        throw new AssertionError("nobody interrupts this thread", e);
      }
    }
  }

  // Failures

  /** Stops the run, unless something else has. */
  void fail(Throwable cause) {
    fail(cause, Descriptions.ofCause(cause));
  }

  /** As {@link #fail(Throwable)}, with what has failed, and where. */
  void fail(Throwable cause, String what) {
    lock.lock();
    try {
      if (failure == null && !context.isCancelled()) {
        failure = cause;
        message = "the run failed: " + what;
        isCompleted = false;
      } else if (cause != failure) {
        late.add(cause);
      }
    } finally {
      lock.unlock();
    }
    context.cancel(cause);
  }

  /** As {@link #fail(Throwable, String)}; the error that the thread throws then. */
  Stopped failed(Throwable cause, String what) {
    fail(cause, what);
    return new Stopped();
  }

  /**
   * A source has thrown.
   *
   * @throws Stopped if that stops the run: the source must not end as if it were exhausted
   */
  void sourceFailed(Throwable cause, SourceFailure policy, String what) {
    if (policy == SourceFailure.FAIL_FAST || cause instanceof Error || context.isCancelled()) {
      throw failed(cause, what);
    }
    lock.lock();
    try {
      isDraining = true;
      sources.forEach(SourceReader::drain);
      if (pending == null) {
        pending = cause;
        pendingMessage = what;
      } else {
        late.add(cause);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The sink has had all elements: if a source has failed, that is the end. */
  void failIfASourceHas() {
    Throwable cause;
    lock.lock();
    try {
      cause = pending;
    } finally {
      lock.unlock();
    }
    if (cause != null) {
      throw failed(cause, pendingMessage);
    }
  }

  void complete(R value) {
    lock.lock();
    try {
      if (!context.isCancelled()) {
        result = value;
        isCompleted = true;
      }
    } finally {
      lock.unlock();
    }
  }

  // Sources

  /** A source is about to be opened; false if it must not be. */
  boolean begin(SourceReader source) {
    lock.lock();
    try {
      return !isDraining && sources.add(source);
    } finally {
      lock.unlock();
    }
  }

  boolean isDrainedBy(Exception thrown) {
    lock.lock();
    try {
      return isDraining && !context.isCancelled() && isInterruption(thrown);
    } finally {
      lock.unlock();
    }
  }

  // For any thread

  @Override
  public R join() throws InterruptedException, ExecutionException {
    if (!isDone()) {
      inside.refuseJoin();
    }
    keeper.join();
    lock.lock();
    try {
      Throwable thrown = thrown();
      if (thrown == null) {
        return result();
      }
      late.forEach(thrown::addSuppressed);
      switch (thrown) {
        case ExecutionException e -> throw e;
        case CancellationException e -> throw e;
        default -> throw new AssertionError(thrown);
      }
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Throwable thrown() {
    if (failure != null) {
      return new ExecutionException(message, failure);
    }
    if (isCompleted && late.isEmpty()) {
      return null;
    }
    var exception =
        new CancellationException("the run was cancelled: " + Descriptions.ofCause(cancellation));
    exception.initCause(cancellation);
    return exception;
  }

  @SuppressWarnings("NullAway") // it is there when the run is completed
  private R result() {
    return result;
  }

  @Override
  public boolean isDone() {
    return !keeper.isAlive();
  }

  @Override
  public void cancel(Throwable cause) {
    context.cancel(cause);
  }

  @Override
  public void drain(Duration timeout) {
    if (isDone() || has(Defect.DRAINS_NEVER)) {
      return;
    }
    if (has(Defect.DRAINS_BY_CANCELLING)) {
      lock.lock();
      try {
        isCompleted = true;
      } finally {
        lock.unlock();
      }
      stopAll();
    }
    lock.lock();
    try {
      isDraining = true;
      sources.forEach(SourceReader::drain);
    } finally {
      lock.unlock();
    }
    // Not virtual: the functions may keep all carriers busy.
    Thread.ofPlatform().daemon().name("reference-drain").start(() -> cancelAfter(timeout));
  }

  private void cancelAfter(Duration timeout) {
    try {
      if (!keeper.join(timeout)) {
        cancel(
            new TimeoutException(
                "the drain has not ended within %s:%n%s"
                    .formatted(Descriptions.ofDuration(timeout), explain())));
      }
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts this thread", e);
    }
  }

  @Override
  public RunReport report() {
    RunReport report = ledger.report();
    if (has(Defect.REPORTS_NOTHING_BEFORE_THE_END) && !report.done()) {
      return new RunReport(new Ledger().report().stages(), report.elapsed(), false);
    }
    return report;
  }

  @Override
  public void close() {
    if (!isDone()) {
      cancel(new CancellationException("the run was closed"));
      if (inside.isHere()) {
        return;
      }
    }
    awaitEnd();
  }

  private void awaitEnd() {
    boolean isInterrupted = false;
    while (keeper.isAlive()) {
      try {
        keeper.join();
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
