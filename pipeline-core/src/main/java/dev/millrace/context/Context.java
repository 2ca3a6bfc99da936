package dev.millrace.context;

import dev.millrace.channel.Cancellation;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Carries cancellation, a deadline and values to all code of a task and to everything below it.
 *
 * <p>Contexts form a tree. When a parent is cancelled, its children are cancelled too; never the
 * reverse. The earlier deadline wins. Only the creator of a context can cancel it, through {@link
 * CancellableContext}. A function that gets a {@code Context} obeys it.
 *
 * <pre>{@code
 * try (var context = parent.withTimeout(Duration.ofSeconds(2))) {
 *   return channel.receive(context);
 * }
 * }</pre>
 *
 * <p>After {@code isCancelled} has returned true, no operation of a channel or select that obeys
 * this context happens any more (see {@link Cancellation}). One call of {@code cancel} cancels all
 * descendants of a context, from the top down. A thread that this call interrupts or wakes up finds
 * all of them cancelled.
 *
 * <p>A plain {@code Context} is not {@link AutoCloseable}, so declare a resource as {@code var} or
 * {@link CancellableContext}. The type of {@link #cause} tells why a context was cancelled. It is a
 * {@link ContextCancelledException} if the canceller gave no cause, and a {@link
 * DeadlineExceededException} if the deadline has passed. Otherwise it is the cause that the
 * canceller gave. For a task group, it is the failure of the task that failed first.
 *
 * <p>Thread-safe; no method blocks, except that {@link #run} and {@link #call} run the caller's
 * function.
 */
public sealed interface Context extends Cancellation permits AbstractContext, CancellableContext {

  /**
   * The key of a value. Keys are equal only if they are the same object. Immutable and thread-safe.
   *
   * @param <T> the type of the value
   */
  @SuppressWarnings("UnusedTypeParameter") // it types the value, at compile time
  final class Key<T> {
    private final String name;

    private Key(String name) {
      this.name = Objects.requireNonNull(name, "name");
    }

    /** A new key, different from all others. The name only appears in texts. */
    public static <T> Key<T> of(String name) {
      return new Key<>(name);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * Surrounds each execution in a context: {@link #run} and {@link #call}, of the context and of
   * its descendants. For thread locals of other libraries. Thread-safe.
   */
  @FunctionalInterface
  interface Surrounding {
    /**
     * Called in the executing thread, before the execution. Must not block, and must not throw.
     *
     * @return the action that undoes the change, in the same thread, after the execution; it must
     *     not throw
     */
    Runnable open();
  }

  /** A registered function, which can be unregistered. Thread-safe. */
  @FunctionalInterface
  interface Registration {
    /**
     * Unregisters the function. Does not block.
     *
     * @return true if this call prevents the function from running; false if it has been started,
     *     or was unregistered before
     */
    boolean stop();
  }

  /** The root context: never cancelled, without a deadline and without values. */
  static Context background() {
    return PlainContext.BACKGROUND;
  }

  /**
   * The context in which the calling code runs (see {@link #run}). Default: {@link #background()}.
   */
  static Context current() {
    return AbstractContext.CURRENT.orElse(background());
  }

  /** A child that the caller can cancel. */
  CancellableContext withCancel();

  /**
   * A child that is cancelled at {@code deadline}, unless it is cancelled earlier. The cause is
   * then a {@link DeadlineExceededException}. Close the child to release its timer.
   *
   * <p>This call reads the wall clock once, and computes the time that is left. A later change of
   * the wall clock has no effect. A deadline in the past cancels at once. Longest supported time:
   * 146 years; later deadlines are clamped to it.
   */
  CancellableContext withDeadline(Instant deadline);

  /**
   * Like {@link #withDeadline(Instant)}; {@code cause} becomes the cause of the {@link
   * DeadlineExceededException}. If this context has an earlier deadline, that deadline and its own
   * cause stay in force.
   */
  CancellableContext withDeadline(Instant deadline, Throwable cause);

  /**
   * A child that is cancelled after {@code timeout}, measured by {@link System#nanoTime}. A timeout
   * of zero or less cancels at once. See {@link #withDeadline(Instant)}.
   */
  CancellableContext withTimeout(Duration timeout);

  /**
   * Like {@link #withTimeout(Duration)}, with a cause as in {@link #withDeadline(Instant,
   * Throwable)}.
   */
  CancellableContext withTimeout(Duration timeout, Throwable cause);

  /** A child that carries a value. It hides an ancestor's value for the same key. */
  <T> Context withValue(Key<T> key, T value);

  /**
   * A child with the same values. The child is not cancelled with its parent, and has no deadline.
   */
  Context withoutCancel();

  /**
   * A child whose executions are surrounded. It replaces the surrounding of an ancestor. All
   * threads of a run, and all tasks of a group, are executions in its context.
   */
  Context withSurrounding(Surrounding surrounding);

  /**
   * The value of this context or of the nearest ancestor that has one; null if there is none. Cost:
   * grows with the depth of the tree.
   */
  <T> @Nullable T value(Key<T> key);

  /**
   * The latest instant at which this context is cancelled; null if it has no deadline. For a
   * timeout, the first call computes the instant by the wall clock. Later calls return the same
   * instant, even if the wall clock is changed.
   */
  @Nullable Instant deadline();

  /**
   * Runs {@code action} in a thread of its own when this context is cancelled; at once, if it is
   * cancelled already. {@code cancel} does not wait for the action. The thread is virtual. If busy
   * carriers delay its start for more than 10 ms, a platform thread runs the action instead. There
   * are at most 64 such platform threads in the process. If all of them are blocked, further
   * actions wait for a carrier.
   */
  Registration afterFunc(Runnable action);

  /** Runs the action in the calling thread, with this context as {@link #current()}. */
  void run(Runnable action);

  /**
   * Calls the function in the calling thread, with this context as {@link #current()}. Throws the
   * exception of the function.
   */
  <T extends @Nullable Object> T call(Callable<T> function) throws Exception;
}
