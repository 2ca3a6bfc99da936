package dev.millrace.service;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the service of a process has ended. Immutable and thread-safe.
 *
 * @param kind the way in which it ended
 * @param signal the first signal that has come, such as {@code TERM}; null if no signal has come
 * @param failure the exception that the service threw; null if it did not throw
 */
public record ProcessEnd(Kind kind, @Nullable String signal, @Nullable Throwable failure) {

  /** The ways of ending. */
  public enum Kind {
    /** The service returned by itself. */
    ENDED,
    /** A signal came, and the service returned before the deadline. */
    CLOSED,
    /** The service threw, with or without a signal. */
    FAILED,
    /** A signal came, and the service did not end before the deadline or a second signal. */
    FORCED
  }

  /** Checks the parts. */
  public ProcessEnd {
    Objects.requireNonNull(kind, "kind");
  }

  /** The status for {@link System#exit}: 0 if the service has returned in time, else 1. */
  public int status() {
    return switch (kind) {
      case ENDED, CLOSED -> 0;
      case FAILED, FORCED -> 1;
    };
  }
}
