package dev.millrace.pipeline;

/**
 * A function that consumes elements or failures, such as in a sink. It need not be thread-safe: one
 * thread at a time calls it. It may block; a slow consumer slows the run.
 *
 * @param <T> the type of the elements
 */
@FunctionalInterface
public interface StageConsumer<T> {
  /**
   * Takes an element. An exception stops the run.
   *
   * @throws Exception any exception
   */
  void accept(T element) throws Exception;
}
