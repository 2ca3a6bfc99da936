package dev.millrace.context;

import java.time.Instant;
import java.util.concurrent.TimeoutException;

/** The cause of a context whose deadline has passed. */
public final class DeadlineExceededException extends TimeoutException {

  private static final long serialVersionUID = 1L;

  DeadlineExceededException(Instant deadline) {
    super("deadline exceeded: " + deadline);
  }

  /** It is made by a timer: its stack would tell nothing. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
