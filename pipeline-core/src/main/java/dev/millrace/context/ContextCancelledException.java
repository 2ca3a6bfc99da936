package dev.millrace.context;

import java.util.concurrent.CancellationException;

/**
 * The cause of a context that was cancelled without a cause of the canceller's: by {@link
 * CancellableContext#cancel()} or {@link CancellableContext#close()}.
 */
public final class ContextCancelledException extends CancellationException {

  private static final long serialVersionUID = 1L;

  ContextCancelledException() {
    super("context cancelled");
  }

  /** Cheap: every scope that ends makes one. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
