package dev.millrace.pipeline;

/**
 * The function of a stage. It must be thread-safe: several threads may call it at once. It may
 * block; it is interrupted when the run is cancelled.
 *
 * @param <I> the type of the elements that it takes
 * @param <O> the type of its results; never null
 */
@FunctionalInterface
public interface StageFunction<I, O> {
  /**
   * Maps an element. An exception makes the element a failure; an {@link Error} stops the run.
   *
   * @throws Exception any exception
   */
  O apply(I element) throws Exception;
}
