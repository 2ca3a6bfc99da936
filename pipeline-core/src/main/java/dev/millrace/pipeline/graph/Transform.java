package dev.millrace.pipeline.graph;

/**
 * The state of a sequential stage during a run. Used by one thread at a time.
 *
 * <p>What an emitter throws is for the engine: a transform lets it pass.
 *
 * <p>A transform may hold a resource, such as a connection. It opens the resource in its
 * constructor or at the first element, and releases it in {@link #close}.
 *
 * @param <I> what comes in
 * @param <O> what goes out
 */
public interface Transform<I, O> extends AutoCloseable {

  /** What became of an element. */
  enum Outcome {
    /** It was used: emitted, in whatever form, or kept for later. */
    USED,
    /** It was dropped on purpose. */
    DROPPED,
    /** It was used, and was the last that is wanted. */
    LAST,
    /** It was dropped, and no other is wanted. */
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
   * Takes an element. An exception makes it a failure; what was emitted before stays emitted.
   *
   * @throws Exception whatever a function of the user throws
   */
  Outcome accept(I element, Emitter<? super O> out) throws Exception;

  /**
   * Emits what is left, after the last element; not called if the run is cancelled. An exception
   * stops the run.
   */
  default void end(Emitter<? super O> out) throws Exception {}

  /**
   * How many of the elements that it has accepted as {@link Outcome#USED} have become part of
   * nothing, such as those at the end that do not fill a window: the run's report counts them as
   * dropped. Asked once, after {@link #end}. Default: none.
   */
  default int leftOver() {
    return 0;
  }

  /**
   * Releases what the transform holds. The run calls it exactly once for each transform that the
   * stage's supplier has made, however the run ends: after {@link #end}, or without it if the run
   * fails, is cancelled, or wants no more elements. The elements that the transform has emitted
   * have left the run before. Not interrupted. An exception stops the run.
   *
   * <p>A function that ignores interrupts keeps a cancelled run no longer than the run's time of
   * grace. Such a function of the transform itself may still run when this is called.
   */
  @Override
  default void close() throws Exception {}

  /** Whether it wants no element at all, and can be ended at once. */
  default boolean wantsNone() {
    return false;
  }

  /** What {@link #holds} says of a transform that does not know. */
  int ALL = Integer.MAX_VALUE;

  /**
   * How many elements it holds: it has kept them, and may yet emit something made of them. These
   * are always those that came in last, without one that it has thrown for. What it emits is taken
   * to be made of all of them, and of the element that it is called with.
   *
   * <p>Asked after each call, but only if a source of the pipeline wants to be told of the end of
   * its elements, {@link dev.millrace.pipeline.Source#settling}: one that is held has not ended.
   * {@link #ALL}, the default, is always safe, but with it no element ends before the stage does.
   */
  default int holds() {
    return ALL;
  }

  /**
   * A transform that holds no element from one call to the next; what it otherwise remembers does
   * not matter.
   *
   * @param <I> what comes in
   * @param <O> what goes out
   */
  interface Stateless<I, O> extends Transform<I, O> {
    @Override
    default int holds() {
      return 0;
    }
  }
}
