package dev.millrace.pipeline;

/**
 * What a run does with the elements that are under way when a source throws. In both cases the run
 * fails, with the exception of the source as the cause. An {@link Error} is always {@link
 * #FAIL_FAST}.
 *
 * <p>Immutable, and thread-safe.
 */
public enum SourceFailure {

  /**
   * Stops the run at once: elements that are under way are left unprocessed or undelivered, and the
   * functions that handle them are interrupted. How many elements have reached the sink by then
   * depends on time. The default, as for every other failure.
   */
  FAIL_FAST,

  /**
   * First drains the run: no source is asked for more elements, and every element that any source
   * has given before goes its way to the sink. Then the run fails. The sink is closed, but not
   * finished: it gets {@link Sink.Receiver#accept} for all the elements, and no {@link
   * Sink.Receiver#finish}.
   *
   * <p>A failure counts even if no stage needs more elements. Engines read a source ahead of a
   * buffer, a parallel stage or any other boundary, so a source behind a {@code take} may fail for
   * an element that the {@code take} would never get. The sink gets the same elements in either
   * case. The run fails if the source fails before the sink has finished, and that depends on time.
   */
  FAIL_AFTER_DRAIN
}
