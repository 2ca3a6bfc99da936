package dev.millrace.pipeline;

/**
 * Is told of the end of each element that a source has given: once, and of one end. See {@link
 * Source#settling}.
 *
 * <p>Called by the threads of the run, many at once: a method must neither block nor throw. What it
 * throws stops the run.
 *
 * @param <T> the type of the elements
 */
public interface Settlement<T> {

  /**
   * All that was made of the element has come to its end: the sink has taken it, a stage has
   * dropped it on purpose, or its failure was handled.
   */
  void settled(T element);

  /**
   * The run has ended, and something that was made of the element has not come to its end: as far
   * as the pipeline is concerned, the element should come again. No thread of the run is alive.
   */
  void abandoned(T element);
}
