package dev.millrace.context;

import java.util.concurrent.CancellationException;

/**
 * The cause of a context that was cancelled without a cause, by {@link CancellableContext#cancel()}
 * or {@link CancellableContext#close()}. Has no stack trace.
 */
public final class ContextCancelledException extends CancellationException {

  private static final long serialVersionUID = 1L;

  ContextCancelledException() {
    super("context cancelled");
  }

  /** No stack trace: each scope that ends makes this exception, so it must be cheap. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
