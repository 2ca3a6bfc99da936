package dev.millrace.pipeline;

/**
 * The reaction of a run to an exception of a source. It decides about the elements that are under
 * way. In both cases the run fails, with the exception of the source as the cause. An {@link Error}
 * always fails fast.
 *
 * <p>Immutable and thread-safe.
 */
public enum SourceFailure {

  /**
   * Stops the run at once. Elements under way stay unprocessed or undelivered, and their functions
   * are interrupted. The number of elements that have reached the sink by then depends on timing.
   * This is the default, as for every other failure.
   */
  FAIL_FAST,

  /**
   * Drains the run, and then fails. The run takes no more elements from any source. All elements
   * that sources have already given go through the stages to the sink. The sink gets {@link
   * Sink.Receiver#accept} for these elements and {@link Sink.Receiver#close}, but no {@link
   * Sink.Receiver#finish}.
   *
   * <p>A failure counts even if no stage needs more elements. Engines read a source ahead of a
   * buffer, a parallel stage or any other boundary. So a source above a {@code take} may fail for
   * an element that the {@code take} would never get. The sink gets the same elements in either
   * case. The run fails if the source fails before the sink has finished, and that depends on time.
   */
  FAIL_AFTER_DRAIN
}
