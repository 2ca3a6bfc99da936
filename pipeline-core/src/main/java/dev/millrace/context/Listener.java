package dev.millrace.context;

import org.jspecify.annotations.Nullable;

/**
 * One that is to be told when a context is cancelled: a node of that context's list, so that it is
 * forgotten in constant time. The links are guarded by the context's monitor.
 */
abstract class Listener {

  @Nullable Listener previous;
  @Nullable Listener next;

  /** Whether it stands in the list. */
  boolean linked;

  /** The context was cancelled. Runs in the cancelling thread: must not block. */
  abstract void cancelled(Throwable cause);
}
