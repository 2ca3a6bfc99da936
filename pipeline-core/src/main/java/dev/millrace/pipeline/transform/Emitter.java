package dev.millrace.pipeline.transform;

/**
 * Takes the results of a transform. Not thread-safe: only the thread that called the transform may
 * use it, and only during that call.
 *
 * @param <O> the type of the results
 */
public interface Emitter<O> {

  /** Emits a result; blocks while the next stage has no room. */
  void emit(O element);
}
