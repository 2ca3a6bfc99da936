package dev.millrace.service;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An event of one of several services. Immutable and thread-safe. {@link Object#toString} gives a
 * line for a log.
 */
public sealed interface ServiceEvent {

  /** The name of the service. */
  String service();

  /**
   * The service starts.
   *
   * @param restarts the total number of restarts so far; 0 at the first start
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
   * The service has failed.
   *
   * @param cause the exception that the service threw
   * @param restartAfter the delay before the restart; null if the service is not started again
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

  /** The service has returned by itself. */
  record Ended(String service) implements ServiceEvent {
    @Override
    public String toString() {
      return "service '%s' ended".formatted(service);
    }
  }

  /** The service has ended after its context was cancelled. */
  record Stopped(String service) implements ServiceEvent {
    @Override
    public String toString() {
      return "service '%s' stopped".formatted(service);
    }
  }

  /**
   * The service ignores its interrupt, and is left behind: its thread still runs, and {@link
   * Services#run} does not wait for it.
   */
  record LeftBehind(String service) implements ServiceEvent {
    @Override
    public String toString() {
      return "service '%s' ignores its interrupt, and is left behind".formatted(service);
    }
  }
}
