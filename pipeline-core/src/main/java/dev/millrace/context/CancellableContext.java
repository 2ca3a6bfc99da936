package dev.millrace.context;

/**
 * A context that its creator can cancel. Thread-safe; no method blocks.
 *
 * <p>{@link #close} cancels the context, removes it from its parent, and stops its timer: use it in
 * a try-with-resources statement.
 */
public sealed interface CancellableContext extends Context, AutoCloseable permits CancelContext {

  /**
   * Cancels this context and its descendants; the cause is a {@link ContextCancelledException}.
   * Does nothing if the context is cancelled already.
   */
  void cancel();

  /** Like {@link #cancel()}, with this cause. Operations that obey the context report it. */
  void cancel(Throwable cause);

  /** Like {@link #cancel()}. */
  @Override
  default void close() {
    cancel();
  }
}
