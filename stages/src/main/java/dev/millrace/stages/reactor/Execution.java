package dev.millrace.stages.reactor;

import dev.millrace.channel.Channel;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.graph.Ledger;
import dev.millrace.stages.internal.Interruptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * What the stages of a run share: its threads, its books, and how it ends.
 *
 * <p>No exception of the user travels as an error of a flux: Reactor delivers one of them, and
 * drops the others. They are recorded here, and the run is stopped: its context is cancelled, its
 * threads are interrupted, find out that it is over, and go home without another signal.
 *
 * <p>Safe for use by many threads.
 */
final class Execution {

  /** How a run has ended. The first end counts. */
  sealed interface End {
    /** All elements have reached the sink. */
    record Completed(@Nullable Object result) implements End {}

    /** Something was thrown. */
    record Failed(Throwable cause, String message) implements End {}

    /** Somebody wanted it. */
    record Cancelled(Throwable cause) implements End {}
  }

  /** How many exceptions are kept of those that come after the first one. */
  private static final int LATE = 64;

  private final CancellableContext context;
  private final Interrupts interrupts = new Interrupts();
  private final Workers workers;
  private final Scheduler scheduler;
  private final Ledger ledger = new Ledger();
  private final Failures failures;
  private final AtomicReference<@Nullable End> end = new AtomicReference<>();
  private final Channel<Void> ended = Channel.rendezvous();
  private final List<Throwable> late = new ArrayList<>();
  private final Set<SourceFlux.Reader> readers = new HashSet<>();
  private boolean draining;

  Execution(Context parent, StageConsumer<? super Failure<?>> onFailure) {
    this.context = parent.withCancel();
    this.workers = new Workers(context, interrupts, this::fail);
    this.scheduler = Schedulers.fromExecutor(workers);
    this.failures = new Failures(this, onFailure);
    CancelSource.listen(context, () -> workers.interruptAll(Interrupts.Reason.STOPPED));
  }

  Context context() {
    return context;
  }

  Workers workers() {
    return workers;
  }

  /** The workers, for Reactor's operators. */
  Scheduler scheduler() {
    return scheduler;
  }

  Ledger ledger() {
    return ledger;
  }

  Interrupts interrupts() {
    return interrupts;
  }

  Failures failures() {
    return failures;
  }

  // The end

  /** Whether there is nothing more to do, because the run has failed or is cancelled. */
  boolean isStopped() {
    return context.isCancelled();
  }

  /** Whether it is known how the run has ended; what its threads still do, nobody waits for. */
  boolean isOver() {
    return end.get() != null;
  }

  /** Waits until the run has ended, which its threads may not have. */
  End await() {
    try {
      ended.receiveOrNull(context);
    } catch (CancellationException e) {
      noticeCancel();
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts this thread", e);
    }
    return Objects.requireNonNull(end.get());
  }

  /** Lets the parent of the context forget it. */
  void release() {
    context.cancel();
  }

  /** If the context was cancelled from above, that is how the run has ended. */
  private void noticeCancel() {
    Throwable cause = context.cause();
    if (cause != null) {
      end.compareAndSet(null, new End.Cancelled(cause));
    }
  }

  /** The sink has had its last element. */
  void complete(@Nullable Object result) {
    noticeCancel();
    end.compareAndSet(null, new End.Completed(result));
    ended.close();
  }

  /** Cancels the run; if it has ended, what of it is still under way. */
  void cancel(Throwable cause) {
    stop(new End.Cancelled(cause), cause);
  }

  /** As {@link #fail(Throwable, String)}. */
  void fail(Throwable failure) {
    fail(failure, failure.toString());
  }

  /** Stops the run. What comes later is kept, and told with it. */
  void fail(Throwable failure, String message) {
    if (!stop(new End.Failed(failure, message), failure)) {
      late(failure);
    }
  }

  /** Returns whether it is the first end. */
  private boolean stop(End how, Throwable cause) {
    noticeCancel();
    boolean first = end.compareAndSet(null, how);
    context.cancel(
        switch (Objects.requireNonNull(end.get())) {
          case End.Completed completed -> cause;
          case End.Failed(Throwable failure, String message) -> failure;
          case End.Cancelled(Throwable reason) -> reason;
        });
    ended.close(); // after that, so that who is interrupted can see why
    return first;
  }

  /**
   * A stage has thrown this, other than for an element.
   *
   * @param wanted whether somebody still waits for what the stage makes; if not, an exception is
   *     taken for the consequence of that
   */
  void thrown(Throwable failure, boolean wanted) {
    if (failure == Stop.STOP) {
      return;
    }
    if (failure instanceof Exception && isConsequence(failure, wanted)) {
      return;
    }
    fail(failure);
  }

  private boolean isConsequence(Throwable failure, boolean wanted) {
    if (isStopped()) {
      return Interruptions.tell(failure);
    }
    // When the sink has had its last element, all threads are interrupted, maybe before a stage is
    // told that nobody waits for it.
    return !wanted || (isOver() && Interruptions.tell(failure));
  }

  /** Tells this with the end of the run. */
  synchronized void late(Throwable failure) {
    if (late.size() < LATE) {
      late.add(failure);
    }
  }

  /** What was thrown after the end. */
  synchronized List<Throwable> late() {
    return List.copyOf(late);
  }

  /** Closes what a stage or the sink has opened; that is not interrupted. */
  void close(AutoCloseable resource) {
    try {
      interrupts.shielded(Interrupts.Reason.STOPPED, resource::close);
    } catch (Throwable e) {
      fail(e);
    }
  }

  // Sources

  /** A source begins; false if the sources are stopped. */
  synchronized boolean begin(SourceFlux.Reader reader) {
    return !draining && readers.add(reader);
  }

  synchronized void ended(SourceFlux.Reader reader) {
    readers.remove(reader);
  }

  /** Stops the sources. */
  void drain() {
    List<SourceFlux.Reader> running;
    synchronized (this) {
      if (draining) {
        return;
      }
      draining = true;
      running = new ArrayList<>(readers);
    }
    running.forEach(SourceFlux.Reader::drain);
    workers.execute(() -> settle(running));
  }

  private static void settle(List<SourceFlux.Reader> readers) {
    try {
      while (!readers.isEmpty()) {
        Thread.sleep(SourceFlux.TICK);
        readers.removeIf(SourceFlux.Reader::settle);
      }
    } catch (InterruptedException e) {
      // the run ends; then all threads are interrupted
    }
  }
}
