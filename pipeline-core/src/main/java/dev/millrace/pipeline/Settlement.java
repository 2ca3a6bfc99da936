package dev.millrace.pipeline;

/**
 * Notified exactly once for each element of a source: settled or abandoned. See {@link
 * Source#settling}.
 *
 * <p>Must be thread-safe: several threads of the run call it at once. A method must neither block
 * nor throw. If {@link #settled} throws, the run stops. {@link Run#join} reports an exception of
 * {@link #abandoned}.
 *
 * @param <T> the type of the elements
 */
public interface Settlement<T> {

  /**
   * The element is settled. Each element that was made of it has ended: the sink has made it safe,
   * a stage has dropped it on purpose, or its failure was handled.
   */
  void settled(T element);

  /**
   * The run has ended, and the element is not settled: an element that was made of it did not reach
   * its end. The source should deliver it again. No thread of the run is alive.
   */
  void abandoned(T element);
}
