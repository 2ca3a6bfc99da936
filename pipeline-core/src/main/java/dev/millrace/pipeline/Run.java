package dev.millrace.pipeline;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A pipeline that was started. Thread-safe.
 *
 * <ol>
 *   <li>The ledger balances: see {@link StageReport}.
 *   <li>Failures of elements go where the stage's {@link FailurePolicy} says. An {@link Error}, an
 *       exception of a source or a sink, and one of the failure handler stop the run.
 *   <li>When the context is cancelled every stage stops: functions that run are interrupted. What
 *       they throw instead is suppressed in what {@link #join} throws.
 *   <li>After {@link #join} no thread of the run is alive; unless a function of the user has
 *       ignored an interrupt for as long as the engine waits: then {@code join} ends without it,
 *       and what it throws names the stage.
 *   <li>What waits between two stages is bounded.
 * </ol>
 *
 * <p>The run's own functions, handlers, sources and sinks may call these methods, and so may the
 * tasks that they fork: {@link #cancel}, {@link #close} and {@link #drain} return at once there,
 * and {@link #join} is refused, since the run waits for the caller. Code is inside of the run if
 * its {@link dev.millrace.context.Context#current()} descends from that of the run. A plain thread
 * that a function starts, and waits for, is not seen: it waits until the run is cancelled.
 *
 * @param <R> the type of the result
 */
public interface Run<R extends @Nullable Object> extends AutoCloseable {

  /**
   * Waits for the end of the run.
   *
   * <p>If several things end the run at nearly the same time: a failure that comes before the
   * cancellation is the end. A sink that has finished gives the result, even if the run is
   * cancelled meanwhile. All other exceptions are suppressed in the one that is thrown, which is a
   * new one for each call; nothing is added to an exception of the user.
   *
   * @return the sink's result
   * @throws ExecutionException if the run was stopped by a failure, which is the cause; that of an
   *     element is told with its stage
   * @throws CancellationException if it was cancelled, with the cause
   * @throws InterruptedException if the thread is interrupted while it waits; the run goes on
   * @throws IllegalStateException if the run has not ended, and the caller runs inside of it
   */
  R join() throws InterruptedException, ExecutionException;

  /** Whether the run has ended; {@link #join} does not block then. */
  boolean isDone();

  /** Cancels the run with a cause. Returns at once. */
  void cancel(Throwable cause);

  /**
   * Stops the sources, and lets what is under way finish; if that has not happened within {@code
   * timeout}, cancels the run. Returns at once. If it is called several times, the earliest
   * deadline counts.
   */
  void drain(Duration timeout);

  /** How the run stands. Does not disturb it. */
  RunReport report();

  /**
   * Cancels the run if it has not ended, and waits until no thread of it is alive. From inside of
   * the run it does not wait.
   */
  @Override
  void close();

  /** Says which stage waits for what, and since when. */
  default String explain() {
    return report().explain();
  }
}
