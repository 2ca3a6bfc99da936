package dev.millrace.context;

import java.time.Instant;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The cause of a context whose deadline has passed. Its own cause is the cause that was given with
 * the deadline; null if none was given. Has no stack trace.
 */
public final class DeadlineExceededException extends TimeoutException {

  private static final long serialVersionUID = 1L;

  private final transient @Nullable Deadline deadline;

  DeadlineExceededException(Deadline deadline, @Nullable Throwable cause) {
    this.deadline = deadline;
    if (cause != null) {
      initCause(cause);
    }
  }

  /** Computed at each call, not in advance: thousands of contexts may end at the same instant. */
  @Override
  public String getMessage() {
    Deadline passed = deadline;
    if (passed == null) {
      return "deadline exceeded";
    }
    Instant instant = passed.instant();
    Throwable cause = getCause();
    return "deadline exceeded: " + instant + (cause == null ? "" : ": " + cause);
  }

  /** No stack trace: a timer makes this exception, so the stack would not help. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
