package dev.millrace.pipeline.graph;

/**
 * Where a transform gives its results to. For the thread that called the transform, during the
 * call.
 *
 * @param <O> the type of the results
 */
public interface Emitter<O> {

  /** Emits a result; blocks while the stage after it has no room. */
  void emit(O element);
}
