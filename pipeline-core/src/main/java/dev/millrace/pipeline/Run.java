package dev.millrace.pipeline;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A pipeline that was started. Safe for use by many threads.
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
 * @param <R> the type of the result
 */
public interface Run<R extends @Nullable Object> extends AutoCloseable {

  /**
   * Waits for the end of the run.
   *
   * @return the sink's result
   * @throws ExecutionException if the run was stopped by a failure, which is the cause; that of an
   *     element is told with its stage
   * @throws CancellationException if it was cancelled, with the cause
   * @throws InterruptedException if the thread is interrupted while it waits; the run goes on
   */
  R join() throws InterruptedException, ExecutionException;

  /** Whether the run has ended; {@link #join} does not block then. */
  boolean isDone();

  /** Cancels the run with a cause. Returns at once. */
  void cancel(Throwable cause);

  /**
   * Stops the sources, and lets what is under way finish; if that has not happened within {@code
   * timeout}, cancels the run. Returns at once.
   */
  void drain(Duration timeout);

  /** How the run stands. Does not disturb it. */
  RunReport report();

  /** Cancels the run if it has not ended, and waits until no thread of it is alive. */
  @Override
  void close();

  /** Says which stage waits for what, and since when. */
  default String explain() {
    return report().explain();
  }
}
