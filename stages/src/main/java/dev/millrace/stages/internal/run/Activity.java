package dev.millrace.stages.internal.run;

import org.jspecify.annotations.Nullable;

/**
 * A call of the user's code that a thread of a run is in.
 *
 * @param kind the code that is called
 * @param stage the name of the stage
 * @param thread the thread in the call
 * @param key identifies the caller: two activities with the same key and the same {@code progress}
 *     are the same call
 * @param progress changes from call to call
 * @param since the start of the call, a {@link System#nanoTime}; 0 if it is not known
 * @param waitsFor the object of "waits for", if the code is of this library; else null
 */
public record Activity(
    Kind kind,
    String stage,
    Thread thread,
    Object key,
    long progress,
    long since,
    @Nullable String waitsFor) {

  /** The code that is called. */
  public enum Kind {
    /** A source that is asked for an element. */
    SOURCE,
    /** The function of a stage, or the sink. */
    FUNCTION,
    /** The handler of a failure. */
    HANDLER,
    /** A failure waits until its handler has handled another one. */
    TURN
  }

  /** A call of a source. */
  public static Activity source(
      String stage, Thread thread, Object key, long progress, @Nullable String waitsFor) {
    return new Activity(Kind.SOURCE, stage, thread, key, progress, 0, waitsFor);
  }

  /** A call of a stage's function. */
  public static Activity function(
      String stage, Thread thread, Object key, long progress, @Nullable String waitsFor) {
    return new Activity(Kind.FUNCTION, stage, thread, key, progress, 0, waitsFor);
  }
}
