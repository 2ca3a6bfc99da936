package dev.millrace.pipeline;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a pipeline. Thread-safe.
 *
 * <ol>
 *   <li>The ledger balances: see {@link StageReport}.
 *   <li>The stage's {@link FailurePolicy} decides about failures of elements. An {@link Error}, and
 *       an exception of a source, a sink or a failure handler, stop the run.
 *   <li>When the context is cancelled, every stage ends, and running functions are interrupted.
 *       Exceptions that they throw then are suppressed in the exception of {@link #join}.
 *   <li>After {@link #join}, no thread of the run is alive. The only exception is a function of the
 *       user that ignores its interrupt for longer than the engine's grace period. Then {@code
 *       join} does not wait for it, and its exception names the stage.
 *   <li>The number of elements that wait between two stages is bounded.
 * </ol>
 *
 * <p>The failure of a run that no thread joins is logged once, with the logger {@code
 * dev.millrace.pipeline.Run} of {@link System.Logger}: at {@link #close}, or some seconds after the
 * end of the run.
 *
 * <p>The run's own functions, handlers, sources and sinks, and the tasks that they fork, may call
 * these methods. There, {@link #cancel}, {@link #close} and {@link #drain} return at once. {@link
 * #join} throws an {@link IllegalStateException} there, because the run waits for the caller. Code
 * is inside the run if its {@link dev.millrace.context.Context#current()} descends from the context
 * of the run. The run cannot recognise a plain thread that a function starts. If the function waits
 * for such a thread, and the thread calls {@code join}, both wait until the run is cancelled.
 *
 * @param <R> the type of the result
 */
public interface Run<R extends @Nullable Object> extends AutoCloseable {

  /**
   * Waits for the end of the run.
   *
   * <p>Several events may end the run at nearly the same time. A failure before the cancellation
   * decides the end. If the sink has finished, {@code join} returns its result, even if the run is
   * cancelled meanwhile. Each call throws a new exception; all other exceptions are suppressed in
   * it. Nothing is added to an exception of the user.
   *
   * @return the sink's result
   * @throws ExecutionException if a failure stopped the run; the failure is the cause. For a failed
   *     element, the message names the stage
   * @throws CancellationException if the run was cancelled, with the cause
   * @throws InterruptedException if the thread is interrupted while it waits; the run goes on
   * @throws IllegalStateException if the run has not ended, and the caller runs inside the run
   */
  R join() throws InterruptedException, ExecutionException;

  /** Whether the run has ended. Then {@link #join} does not block. */
  boolean isDone();

  /** Cancels the run with a cause. Returns at once. Idempotent: only the first cause counts. */
  void cancel(Throwable cause);

  /**
   * Closes the sources and completes the elements under way. Cancels the run if they are not
   * complete within {@code timeout}. Returns at once. If it is called several times, the earliest
   * deadline counts.
   */
  void drain(Duration timeout);

  /** A snapshot of the counts of the run. Does not block the run. */
  RunReport report();

  /**
   * Cancels the run if it has not ended, and waits until no thread of it is alive. Ignores
   * interrupts while it waits. Inside the run it does not wait.
   */
  @Override
  void close();

  /**
   * A line of text for each stage: what the stage waits for, and since when. It names sources that
   * wait, sinks that wait for room, failure handlers at work, and functions that do not return,
   * with the line of code that they are in. A last line names the bottleneck, if stages wait for
   * room for most of the time, or the buffer that is too small.
   *
   * <p>"For at least" means that the run was seen in the same call before. The engine looks at a
   * run once in a second at first, and later every ten seconds. Does not block the run.
   */
  default String explain() {
    return report().explain();
  }
}
