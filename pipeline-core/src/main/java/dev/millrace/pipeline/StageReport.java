package dev.millrace.pipeline;

import java.time.Duration;

/**
 * The counts of one stage, in elements.
 *
 * <p>Every element that came in is in exactly one place, and so is every element that it made:
 *
 * <pre>
 * received = processed + failed + dropped + unprocessed + inFlight
 * produced = emitted + undelivered + queued
 * </pre>
 *
 * Of a stage that makes one from one, {@code produced} is {@code processed}.
 *
 * @param name of the stage
 * @param received that came in; 0 for a source
 * @param processed for which the function returned
 * @param failed that became a failure
 * @param dropped on purpose: by a filter, by an overflow
 * @param unprocessed that were in the stage when the run ended early
 * @param inFlight that are in the stage now, waiting or being processed; 0 after the run
 * @param running of those in flight, for how many the function runs now; the others are {@link
 *     #waiting}
 * @param produced that the stage made
 * @param emitted that the next stage, or the result, has taken
 * @param undelivered that were on their way to the next stage when the run ended early
 * @param queued that wait for the next stage now; 0 after the run
 * @param waitedForInput how long it had nothing to do, in all
 * @param waitedForOutput how long the next stage had no room, in all
 * @param waitingForInput for how long it has nothing to do now; zero if it has
 * @param waitingForOutput for how long the next stage has no room now; zero if it has
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
   * Of the elements in flight, how many wait in the stage for their turn: in a parallel stage, for
   * a worker, or for another element of their key. 0 after the run.
   */
  public long waiting() {
    return inFlight - running;
  }

  /** Whether each element is accounted for. */
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
