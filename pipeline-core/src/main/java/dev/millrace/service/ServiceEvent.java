package dev.millrace.service;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An event in the life of one of several services. Immutable, and thread-safe; {@link
 * Object#toString} gives a line for a log.
 */
public sealed interface ServiceEvent {

  /** The name of the service. */
  String service();

  /**
   * Runs.
   *
   * @param restarts how often it was started again before, in all
   */
  record Started(String service, long restarts) implements ServiceEvent {
    @Override
    public String toString() {
      return restarts == 0
          ? "service '%s' started".formatted(service)
          : "service '%s' started again, restart %d".formatted(service, restarts);
    }
  }

  /**
   * Has failed.
   *
   * @param cause its exception, as it was thrown
   * @param restartAfter the delay before it is started again; null if it is not
   */
  record Failed(String service, Throwable cause, @Nullable Duration restartAfter)
      implements ServiceEvent {
    @Override
    public String toString() {
      return "service '%s' failed, %s: %s"
          .formatted(
              service,
              restartAfter == null
                  ? "and is not started again"
                  : "and is started again in %d ms".formatted(restartAfter.toMillis()),
              cause);
    }
  }

  /** Has returned by itself. */
  record Ended(String service) implements ServiceEvent {
    @Override
    public String toString() {
      return "service '%s' ended".formatted(service);
    }
  }

  /** Has ended after it was to stop. */
  record Stopped(String service) implements ServiceEvent {
    @Override
    public String toString() {
      return "service '%s' stopped".formatted(service);
    }
  }

  /** Ignores its interrupt, and goes on in a thread that nobody waits for. */
  record LeftBehind(String service) implements ServiceEvent {
    @Override
    public String toString() {
      return "service '%s' ignores its interrupt, and is left behind".formatted(service);
    }
  }
}
