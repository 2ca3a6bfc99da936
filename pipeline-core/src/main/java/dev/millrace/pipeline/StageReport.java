package dev.millrace.pipeline;

import java.time.Duration;

/**
 * The counts of one stage, in elements. Immutable and thread-safe.
 *
 * <p>Each element that the stage has received is counted in exactly one place, and so is each
 * element that it has made:
 *
 * <pre>
 * received = processed + failed + dropped + unprocessed + inFlight
 * produced = emitted + undelivered + queued
 * </pre>
 *
 * In a stage that makes one element from each element, {@code produced} equals {@code processed}.
 *
 * @param name the name of the stage
 * @param received elements that came in; 0 for a source
 * @param processed elements for which the function has returned
 * @param failed elements that became a failure
 * @param dropped elements that were dropped on purpose, such as by a filter or an overflow
 * @param unprocessed elements that were in the stage when the run ended early
 * @param inFlight elements that are in the stage now, waiting or being processed; 0 after the run
 * @param running elements in flight for which the function runs now; the others are {@link
 *     #waiting}
 * @param produced elements that the stage has made
 * @param emitted elements that the next stage, or the result, has taken
 * @param undelivered elements that were on the way to the next stage when the run ended early
 * @param queued elements that wait for the next stage now; 0 after the run
 * @param waitedForInput the total time in which the stage waited for an element
 * @param waitedForOutput the total time in which the stage waited for room in the next stage
 * @param waitingForInput how long the stage has been waiting for an element now; zero if it does
 *     not wait
 * @param waitingForOutput how long the stage has been waiting for room in the next stage now; zero
 *     if it does not wait
 */
public record StageReport(
    String name,
    long received,
    long processed,
    long failed,
    long dropped,
    long unprocessed,
    long inFlight,
    long running,
    long produced,
    long emitted,
    long undelivered,
    long queued,
    Duration waitedForInput,
    Duration waitedForOutput,
    Duration waitingForInput,
    Duration waitingForOutput) {

  /**
   * The number of elements in flight that wait in the stage: in a parallel stage, for a worker or
   * for another element with the same key. 0 after the run.
   */
  public long waiting() {
    return inFlight - running;
  }

  /** Whether the two equations above hold, and no count is negative. */
  public boolean balances() {
    return unprocessed >= 0
        && inFlight >= 0
        && running >= 0
        && running <= inFlight
        && undelivered >= 0
        && queued >= 0
        && received == processed + failed + dropped + unprocessed + inFlight
        && produced == emitted + undelivered + queued;
  }
}
