package dev.millrace.context;

import java.time.Instant;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The cause of a context whose deadline has passed. Its own cause is the one that was given with
 * the deadline, if any.
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

  /** Made when it is asked for: thousands of contexts may end at the same instant. */
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

  /** It is made by a timer: its stack would tell nothing. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
