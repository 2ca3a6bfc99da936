package dev.millrace.pipeline;

/**
 * What a sink does with a value or with a failure. Called by one thread at a time, and may block;
 * the run goes no faster than it does.
 *
 * @param <T> what comes in
 */
@FunctionalInterface
public interface StageConsumer<T> {
  /**
   * Takes an element. An exception stops the run.
   *
   * @throws Exception whatever the consumer likes
   */
  void accept(T element) throws Exception;
}
