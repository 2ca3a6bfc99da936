package dev.millrace.stages.internal.run;

import dev.millrace.channel.internal.Timers;
import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.clock.internal.Time;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Descriptions;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Awaited;
import dev.millrace.pipeline.Inside;
import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.SourceFailure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.ledger.Ledger;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The core that the runs of all engines share: the context, the ledger, the failures, and the end
 * of the run. The engine brings the threads.
 *
 * <p>No exception of the user travels through an engine's own channels or fluxes. It is recorded
 * here, and the context of the run is cancelled. The engine listens to the context. It interrupts
 * its threads, and each of them sees that the run is stopped, and ends.
 *
 * <p>Thread-safe.
 */
public abstract class RunCore<R extends @Nullable Object>
    implements Run<R>, Awaited, Watch.Watched {

  /** The drain looks at the open sources once in this time. */
  private static final long TICK_NANOS = 1_000_000;

  /**
   * A run that is to end is looked at again after this time: a function may swallow an interrupt.
   */
  protected static final long INSIST_NANOS = 100_000_000;

  private final Inside inside = new Inside();
  private final CancellableContext context;
  private final Ledger ledger = new Ledger();
  private final Sources sources = new Sources();
  private final Ending<R> ending = new Ending<>();
  private final FailureChannel failures;
  private final Duration grace;
  private final Standstill standstill;
  private final Unjoined unjoined = new Unjoined();
  private boolean over; // guarded by this
  private @Nullable Throwable cancellation; // guarded by this

  /**
   * A run that has no thread yet.
   *
   * @param last the graph of the run
   */
  @SuppressWarnings("this-escape") // the failure channel only keeps it
  protected RunCore(
      Node<?> last, Context parent, StageConsumer<? super Failure<?>> onFailure, Duration grace) {
    this.context = inside.mark(parent).withCancel();
    this.failures = new FailureChannel(this, onFailure);
    this.grace = grace;
    this.standstill = new Standstill(last);
  }

  // For the stages

  /** The context of everything that the run calls. */
  public final Context context() {
    return context;
  }

  /** The counts of the run. */
  public final Ledger ledger() {
    return ledger;
  }

  /** The sources, which a drain stops. */
  public final Sources sources() {
    return sources;
  }

  /** The way of elements that fail. */
  public final FailureChannel failures() {
    return failures;
  }

  /** Whether the run has failed or is cancelled, so that there is nothing more to do. */
  public final boolean isStopped() {
    return context.cause() != null;
  }

  /** Stops the run, which has failed; if it is stopped already, the failure is suppressed. */
  public final void fail(Throwable cause) {
    fail(cause, Descriptions.ofCause(cause));
  }

  /**
   * Like {@link #fail(Throwable)}.
   *
   * @param what the message of the exception of {@link #join}: where the failure was, and the cause
   */
  public final void fail(Throwable cause, String what) {
    fail(cause, what, List.of());
  }

  final void fail(Throwable cause, String what, List<Throwable> notes) {
    ending.failed(cause, what, notes, isStopped());
    context.cancel(cause);
  }

  /**
   * Records the exception of a function that was to end anyway. It is suppressed in the exception
   * of {@link #join}, unless it only answers the interrupt.
   */
  public final void aside(Throwable thrown) {
    if (!Interruptions.tell(thrown)) {
      ending.aside(thrown);
    }
  }

  /**
   * A source has failed.
   *
   * @param what as that of {@link #fail(Throwable, String)}
   */
  public final void sourceFailed(Throwable cause, SourceFailure policy, String what) {
    if (policy == SourceFailure.FAIL_FAST || cause instanceof Error || isStopped()) {
      fail(cause, what);
    } else if (ending.failsAtEnd(cause, what)) {
      drain(ChronoUnit.FOREVER.getDuration());
    }
  }

  /**
   * Whether the sink may finish. If not, because a source has failed, the run is stopped now that
   * the sink has had all elements.
   */
  public final boolean maySinkFinish() {
    Ending.Pending pending = ending.pending();
    if (pending != null) {
      fail(pending.cause(), pending.what());
    }
    return !isStopped();
  }

  /** The sink has finished. */
  public final void finished(R result) {
    ending.finished(result);
  }

  // For the engine

  /** Adds the calls of the user's code that the threads of the run are in now. Does not block. */
  protected abstract void addCalls(List<Activity> calls);

  /** The run starts: from now on it is looked at now and then. */
  protected final void begin() {
    Watch.begin(this);
  }

  @Override
  public final void look() {
    var _ = standstill.look(ledger.report());
    standstill.look(calls());
  }

  private List<Activity> calls() {
    List<Activity> calls = new ArrayList<>(failures.calls());
    Set<Thread> handling = calls.stream().map(Activity::thread).collect(Collectors.toSet());
    List<Activity> others = new ArrayList<>();
    addCalls(others);
    others.removeIf(call -> handling.contains(call.thread()));
    calls.addAll(others);
    return calls;
  }

  /** The report, with the waits that follow from the counts as well. */
  protected final RunReport inferred(RunReport report) {
    return standstill.look(report);
  }

  /** How long threads that ignore interrupts are waited for. */
  protected final Duration grace() {
    return grace;
  }

  /**
   * Claims the end of the run, which comes once.
   *
   * @return whether the caller is to end the run
   */
  protected final synchronized boolean claimEnd() {
    boolean first = !over;
    over = true;
    return first;
  }

  /**
   * Closes the ledger, and fixes the outcome of {@link #join}. By the thread that has claimed the
   * end.
   */
  protected final void end() {
    Watch.end(this);
    synchronized (this) {
      cancellation = context.cause();
    }
    ledger.close();
    context.cancel(); // so that its parent forgets it
    if (ending.hasFailed()) {
      unjoined.ended(this::outcome);
    }
  }

  /**
   * Records that the run ends although threads of it are alive.
   *
   * @param threads a note for each of them
   */
  protected final void giveUp(List<? extends Throwable> threads) {
    ending.givenUp();
    ending.aside(
        new TimeoutException(
            "after %s of grace, functions ignore that they are interrupted:%n%s"
                .formatted(Descriptions.ofDuration(grace), explain())));
    threads.forEach(ending::aside);
  }

  /** The outcome of {@link #join}, once the run has ended. */
  public final R result() throws ExecutionException {
    unjoined.joined();
    return outcome();
  }

  @Override
  public final @Nullable Throwable failure() {
    try {
      var _ = outcome();
      return null;
    } catch (ExecutionException | CancellationException e) {
      return e;
    }
  }

  private R outcome() throws ExecutionException {
    @Nullable Throwable cause;
    synchronized (this) {
      cause = cancellation;
    }
    return ending.result(cause);
  }

  // For everyone

  @Override
  public final R join() throws InterruptedException, ExecutionException {
    if (!isDone()) {
      inside.refuseJoin();
    }
    unjoined.joined();
    awaitEnd();
    return result();
  }

  @Override
  public final void drain(Duration timeout) {
    long nanos = Timers.toNanos(Objects.requireNonNull(timeout, "timeout"));
    long start = Time.nanoTime();
    if (!isDone()) {
      sources.stop();
      var _ = Timers.schedule(() -> superviseDrain(timeout, start, nanos), 0);
    }
  }

  /** Interrupts sources that block, and cancels the run at the end. Does not block. */
  private void superviseDrain(Duration timeout, long start, long nanos) {
    long left = nanos - (Time.nanoTime() - start);
    if (isDone()) {
      return;
    }
    if (left <= 0) {
      cancel(
          new TimeoutException(
              "the drain has not ended within %s:%n%s"
                  .formatted(Descriptions.ofDuration(timeout), explain())));
      return;
    }
    long again = Math.min(left, sources.tick() ? TICK_NANOS : INSIST_NANOS);
    var _ = Timers.schedule(() -> superviseDrain(timeout, start, nanos), again);
  }

  @Override
  public final void cancel(Throwable cause) {
    context.cancel(Objects.requireNonNull(cause, "cause"));
  }

  @Override
  public final void close() {
    if (!isDone()) {
      cancel(new CancellationException("the run was closed"));
      if (inside.isHere()) {
        return;
      }
    }
    Uninterruptibly.await(this::awaitEnd);
    unjoined.log();
  }

  @Override
  public RunReport report() {
    return ledger.report();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Reads the stack of each thread that runs the user's code, which stops that thread for some
   * microseconds.
   */
  @Override
  public final String explain() {
    return Explanation.of(ledger.report(), calls(), standstill);
  }
}
