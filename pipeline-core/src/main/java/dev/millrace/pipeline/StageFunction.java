package dev.millrace.pipeline;

/**
 * What a stage does with an element. Called by several threads at once, and may block; it is
 * interrupted when the run is cancelled.
 *
 * @param <I> what comes in
 * @param <O> what goes out; never null
 */
@FunctionalInterface
public interface StageFunction<I, O> {
  /**
   * Maps an element. An exception makes the element a failure; an {@link Error} stops the run.
   *
   * @throws Exception whatever the function likes
   */
  O apply(I element) throws Exception;
}
