package dev.millrace.pipeline.transform;

/**
 * The state of a sequential stage during a run. Not thread-safe: one thread at a time uses it.
 *
 * <p>An exception that an emitter throws is meant for the engine: a transform must not catch it.
 *
 * <p>A transform may hold a resource, such as a connection. It opens the resource in its
 * constructor or at the first element, and releases it in {@link #close}.
 *
 * @param <I> the type of the elements that it takes
 * @param <O> the type of the elements that it emits
 */
public interface Transform<I, O> extends AutoCloseable {

  /** The result of a call of {@link #accept}. */
  enum Outcome {
    /**
     * The element was used: the transform has emitted something made of it, or keeps it for later.
     */
    USED,
    /** The element was dropped on purpose. */
    DROPPED,
    /** The element was used, and the stage wants no more elements. */
    LAST,
    /** The element was dropped on purpose, and the stage wants no more elements. */
    DROPPED_LAST;

    /** Whether the stage wants no more elements. */
    public boolean isLast() {
      return this == LAST || this == DROPPED_LAST;
    }

    /** Whether the element was dropped. */
    public boolean isDropped() {
      return this == DROPPED || this == DROPPED_LAST;
    }
  }

  /**
   * Takes an element; may block. An exception makes the element a failure. Results that were
   * emitted before the exception stay emitted.
   *
   * @throws Exception any exception of a function of the user
   */
  Outcome accept(I element, Emitter<? super O> out) throws Exception;

  /**
   * Emits the results that are left after the last element. Not called if the run is cancelled. An
   * exception stops the run.
   */
  default void end(Emitter<? super O> out) throws Exception {}

  /**
   * The number of elements that it has accepted as {@link Outcome#USED} without emitting anything
   * made of them, such as the last elements, which do not fill a window. The report counts them as
   * dropped. The run calls this once, after {@link #end}. Default: 0.
   */
  default int leftOver() {
    return 0;
  }

  /**
   * Releases the resources of the transform. The run calls this method exactly once for each
   * transform that the stage's supplier has made, however the run ends. The call comes after {@link
   * #end}, or without {@link #end} if the run fails, is cancelled, or wants no more elements. By
   * then, the elements that the transform has emitted have left the run. The call is not
   * interrupted. An exception stops the run.
   *
   * <p>A cancelled run waits for a function that ignores interrupts at most for the engine's grace
   * period. So a call of {@link #accept} that ignores interrupts may still run during this call.
   */
  @Override
  default void close() throws Exception {}

  /** Whether it wants no more elements, so that the engine can end it at once. Default: false. */
  default boolean wantsNone() {
    return false;
  }

  /** The value of {@link #holds} for a transform that does not know. */
  int ALL = Integer.MAX_VALUE;

  /**
   * The number of elements that it holds: kept elements of which it may still make an element. They
   * are always the last elements that came in, without elements for which it has thrown. Each
   * emitted element counts as made of all held elements and of the element of the current call.
   *
   * <p>The run calls this after each call, but only if a source of the pipeline {@linkplain
   * dev.millrace.pipeline.Source#settling settles} its elements or has a resource. A held element
   * is not settled. Default: {@link #ALL}. This is always correct, but then no element is settled
   * before the stage has ended.
   */
  default int holds() {
    return ALL;
  }

  /**
   * A transform that holds no element from one call to the next. It may have other state.
   *
   * @param <I> the type of the elements that it takes
   * @param <O> the type of the elements that it emits
   */
  interface Stateless<I, O> extends Transform<I, O> {
    @Override
    default int holds() {
      return 0;
    }
  }
}
