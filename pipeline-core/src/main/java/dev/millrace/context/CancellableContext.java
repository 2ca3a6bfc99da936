package dev.millrace.context;

/**
 * A context in the hands of its maker, who can cancel it.
 *
 * <p>Closing it cancels it, and releases what it holds at its parent: use it in a
 * try-with-resources statement.
 */
public sealed interface CancellableContext extends Context, AutoCloseable permits CancelContext {

  /**
   * Cancels this context and its descendants, with a plain cause. Does nothing if it is cancelled.
   */
  void cancel();

  /** As {@link #cancel()}, with the cause that everyone who obeys will report. */
  void cancel(Throwable cause);

  /** As {@link #cancel()}. */
  @Override
  default void close() {
    cancel();
  }
}
