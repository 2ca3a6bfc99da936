package dev.millrace.pipeline.transform;

/**
 * A transform that also acts when time has passed. Not thread-safe: one thread at a time uses it.
 * All instants are values of {@link System#nanoTime}, in nanoseconds.
 *
 * @param <I> the type of the elements that it takes
 * @param <O> the type of the elements that it emits
 */
public interface TimedTransform<I, O> extends Transform<I, O> {

  /** The instant that never comes. */
  long NEVER = Long.MAX_VALUE;

  /** The instant of the next call of {@link #elapsed}; {@link #NEVER} if none is needed. */
  long wakeAt();

  /**
   * Called at {@link #wakeAt} or soon after, with the current instant. If {@link #wantsNone} is
   * true after this call, the stage takes no more elements. An exception stops the run.
   */
  void elapsed(long now, Emitter<? super O> out) throws Exception;

  /**
   * The earliest instant at which it takes another element. A call of {@link #elapsed} that is due
   * comes first. Default: {@link Long#MIN_VALUE}, at once.
   */
  default long acceptAt() {
    return Long.MIN_VALUE;
  }
}
