package dev.millrace.stages.internal.reactor;

import dev.millrace.channel.Channel;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.errors.Descriptions;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.ledger.Ledger;
import dev.millrace.stages.internal.run.FailureChannel;
import dev.millrace.stages.internal.run.Places;
import dev.millrace.stages.internal.run.RunCore;
import dev.millrace.stages.internal.run.Unwind;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/**
 * The part of a run that all its stages share: its threads, its sources, and the way to its end.
 *
 * <p>No exception of the user travels as an error of a flux, because Reactor delivers one of them
 * and drops the others. Exceptions are recorded in the {@link RunCore}, which stops the run. Its
 * threads are interrupted, see that the run is over, and end without another signal.
 *
 * <p>Thread-safe.
 */
final class Execution {

  private final RunCore<Object> run;
  private final Interrupts interrupts = new Interrupts();
  private final Calls calls = new Calls();
  private final RunThreads threads;
  private final Scheduler scheduler;
  private final Channel<Void> completed = Channel.rendezvous();

  /** Written once by the thread of the sink, when it has finished; read by all threads. */
  private volatile boolean complete;

  private final OpenTransforms leftovers =
      new OpenTransforms(
          (transform, stage) -> close(transform, cause -> Places.stageClosed(stage, cause)));

  @SuppressWarnings("unchecked") // only the sink makes results
  Execution(RunCore<?> run) {
    this.run = (RunCore<Object>) run;
    this.threads = new RunThreads(run.context(), interrupts, run::fail);
    this.scheduler = new RunScheduler(threads);
    CancelSource.listen(run.context(), () -> threads.interruptAll(Interrupts.Reason.STOPPED));
  }

  RunCore<?> run() {
    return run;
  }

  RunThreads threads() {
    return threads;
  }

  /** The threads of the run, for Reactor's operators. */
  Scheduler scheduler() {
    return scheduler;
  }

  /** The threads of the run, for an operator before a stage: notes how long the stage waits. */
  Scheduler scheduler(Account waiting) {
    return new RunScheduler(new IdleTime(threads, waiting));
  }

  /** Where its threads call the user's code. */
  Calls calls() {
    return calls;
  }

  Ledger ledger() {
    return run.ledger();
  }

  Interrupts interrupts() {
    return interrupts;
  }

  OpenTransforms leftovers() {
    return leftovers;
  }

  // The end

  /** Whether there is nothing more to do, because the run has failed or is cancelled. */
  boolean isStopped() {
    return run.isStopped();
  }

  /** Whether it is decided how the run ends: the results of its threads have no taker any more. */
  boolean isOver() {
    return complete || run.isStopped();
  }

  /** Waits until the end of the run is decided. Threads of the run may still be alive. */
  void await() {
    try {
      completed.receiveOrNull(run.context());
    } catch (CancellationException e) {
      // the run is stopped
    } catch (InterruptedException e) {
      throw new AssertionError("no thread interrupts the keeper of a run", e);
    }
  }

  /** Whether the sink may finish: all elements have come, and no source has failed. */
  boolean maySinkFinish() {
    return run.maySinkFinish();
  }

  /** The sink has finished. */
  @SuppressWarnings("NullAway") // null is a result if the sink's type is nullable
  void complete(@Nullable Object result) {
    run.finished(result);
    complete = true;
    completed.close();
  }

  /** Stops the run, which has failed. */
  void fail(Throwable failure) {
    run.fail(failure);
  }

  /** Like {@link #thrown(Throwable, boolean, Function)}. */
  void thrown(Throwable failure, boolean wanted) {
    thrown(failure, wanted, Descriptions::ofCause);
  }

  /**
   * A stage has thrown this without an element.
   *
   * @param wanted whether a stage still takes the elements of this one; if not, or if the run is
   *     over, the exception is a consequence of that, and only recorded
   * @param text says where it was thrown
   */
  void thrown(Throwable failure, boolean wanted, Function<? super Throwable, String> text) {
    if (failure == Unwind.INSTANCE) {
      return;
    }
    if (failure instanceof Exception && (!wanted || isOver())) {
      run.aside(failure);
    } else {
      run.fail(failure, text.apply(failure));
    }
  }

  /**
   * A function of the user has thrown this for an element. Returns if the stage goes on.
   *
   * @param wanted whether a stage still takes the elements of this one, as far as it knows
   * @throws Unwind if the stage is to stop; the element then has either failed, or was not
   *     processed
   */
  void failed(Throwable cause, FailureSite site, Object element, boolean wanted, Account account) {
    run.failures()
        .thrown(
            new Caller(wanted),
            () -> count(account, site),
            site.stage(),
            site.policy(),
            element,
            cause);
  }

  private static void count(Account account, FailureSite site) {
    for (int i = 0; i < site.times(); i++) {
      account.failed();
    }
  }

  /** The thread of a stage whose function has thrown. */
  private final class Caller implements FailureChannel.Caller {
    private final boolean wanted;

    private Caller(boolean wanted) {
      this.wanted = wanted;
    }

    /**
     * When the sink has had its last element, all threads are interrupted, perhaps before a stage
     * is cancelled. So the end of the run counts as well.
     */
    @Override
    public boolean isStopped() {
      return !wanted || isOver();
    }

    @Override
    public Error unwind() {
      return Unwind.INSTANCE;
    }

    /** A stage without a taker is no reason to interrupt a handler: the run goes on. */
    @Override
    public void shielded(FailureChannel.Action action) throws Exception {
      interrupts.shielded(Interrupts.Reason.UNWANTED, action::run);
    }
  }

  /**
   * Forgets an interrupt that a function of the user has left, unless the thread is to stop.
   *
   * @param wanted whether a stage still takes the elements of this one
   */
  void forgetInterrupt(boolean wanted) {
    Thread.interrupted();
    if (!wanted || isOver()) {
      Thread.currentThread().interrupt();
    }
  }

  /** Closes a resource of a stage or the sink; the close is not interrupted. */
  void close(AutoCloseable resource, Function<? super Throwable, String> text) {
    try {
      interrupts.shielded(Interrupts.Reason.STOPPED, resource::close);
    } catch (Throwable e) {
      run.fail(e, text.apply(e));
    }
  }
}
