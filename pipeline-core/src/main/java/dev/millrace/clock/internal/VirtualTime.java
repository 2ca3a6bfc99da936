package dev.millrace.clock.internal;

import java.time.Instant;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A clock that a test moves, in place of the system's. {@link Time} finds it by the system property
 * {@link #PROPERTY}, once per JVM. For tests only.
 *
 * <p>An implementation is thread-safe, has a public constructor without parameters, and answers as
 * the system does for threads that have nothing to do with the test.
 */
public interface VirtualTime {

  /** The system property that names the class of the clock. Default: none, the system's clock. */
  String PROPERTY = "dev.millrace.virtualTime";

  /** In place of {@link System#nanoTime}. */
  long nanoTime();

  /** In place of {@link Instant#now()}. */
  Instant now();

  /**
   * In place of {@link java.util.concurrent.locks.LockSupport#parkNanos(Object, long)}: returns
   * after the time, and after an unpark or an interrupt.
   */
  void parkNanos(@Nullable Object blocker, long nanos);

  /** Runs an action that does not block, after the delay in nanoseconds; at once if it is 0. */
  Future<?> schedule(Runnable action, long nanos);
}
