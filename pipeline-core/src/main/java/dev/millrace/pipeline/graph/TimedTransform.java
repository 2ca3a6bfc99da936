package dev.millrace.pipeline.graph;

/**
 * A transform that also acts when time has passed. Used by one thread at a time; instants are those
 * of {@link System#nanoTime}.
 *
 * @param <I> what comes in
 * @param <O> what goes out
 */
public interface TimedTransform<I, O> extends Transform<I, O> {

  /** The instant that never comes. */
  long NEVER = Long.MAX_VALUE;

  /** When {@link #elapsed} wants to be called next; {@link #NEVER} if it need not be. */
  long wakeAt();

  /** Called at {@link #wakeAt} or soon after. */
  void elapsed(long now, Emitter<? super O> out) throws Exception;

  /** Not before then does it take another element; {@link Long#MIN_VALUE} for at once. */
  default long acceptAt() {
    return Long.MIN_VALUE;
  }
}
