package dev.millrace.stages.micrometer;

import dev.millrace.context.Context;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import java.util.Objects;

/**
 * Takes thread locals of the calling thread along into a run: MDC, tracing, security, or others
 * with an accessor in {@code io.micrometer:context-propagation}. That library is an optional
 * dependency.
 *
 * <pre>{@code
 * job.start(engine, ThreadLocals.captured(context));
 * }</pre>
 *
 * <p>All functions, handlers, sources and sinks of the run see the values that the calling thread
 * had, on both engines. So do the tasks of groups in that context. A change that a function makes
 * is seen by later functions in the same thread of the run only. Each thread gets its former values
 * back when its part of the run has ended; the threads of a run are used by no other run.
 *
 * <p>Cost: a few map operations for each thread of the run, and for each {@code call} in the
 * context, such as of {@code Timeout}; nothing for each element. Thread-safe.
 */
public final class ThreadLocals {

  private ThreadLocals() {}

  /** A child of the context, with the thread locals of the calling thread as they are now. */
  public static Context captured(Context context) {
    return captured(context, ContextSnapshotFactory.builder().build());
  }

  /** Like {@link #captured(Context)}, with a factory that chooses the thread locals. */
  public static Context captured(Context context, ContextSnapshotFactory factory) {
    Objects.requireNonNull(context, "context");
    ContextSnapshot snapshot = Objects.requireNonNull(factory, "factory").captureAll();
    return context.withSurrounding(
        () -> {
          ContextSnapshot.Scope scope = snapshot.setThreadLocals();
          return scope::close;
        });
  }
}
