package dev.millrace.context;

import dev.millrace.channel.Cancellation;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * What a piece of work carries with it: a request to stop, a deadline, and values.
 *
 * <p>Contexts form a tree: a child ends when its parent ends, never the reverse, and the earlier
 * deadline wins. A context can only be cancelled by whoever made it, through {@link
 * CancellableContext}; functions that are handed a {@code Context} obey it.
 *
 * <pre>{@code
 * try (var context = parent.withTimeout(Duration.ofSeconds(2))) {
 *   return channel.receive(context);
 * }
 * }</pre>
 *
 * <p>Once {@code isCancelled} was seen true, no operation of a channel or a select that obeys this
 * context happens any more (see {@link Cancellation}). The descendants of a context are cancelled
 * from the top down, within the same call of {@code cancel}; a thread that is interrupted or woken
 * by that finds all of them cancelled.
 *
 * <p>A plain {@code Context} is not {@link AutoCloseable}, so declare a resource as {@code var} or
 * {@link CancellableContext}. The type of {@link #cause} tells why a context has ended: {@link
 * ContextCancelledException} if the canceller gave no cause, {@link DeadlineExceededException} if
 * its deadline has passed, and else it is the cause that the canceller gave; for a task group, the
 * failure of the task that failed first.
 *
 * <p>Thread-safe, and nothing here blocks.
 */
public sealed interface Context extends Cancellation permits AbstractContext, CancellableContext {

  /**
   * The name under which a value is found: keys are equal only if they are the same object.
   *
   * @param <T> the type of the value
   */
  @SuppressWarnings("UnusedTypeParameter") // it types the value, at compile time
  final class Key<T> {
    private final String name;

    private Key(String name) {
      this.name = Objects.requireNonNull(name, "name");
    }

    /** A new key, different from all others; the name is for people. */
    public static <T> Key<T> of(String name) {
      return new Key<>(name);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** What {@link #afterFunc} returns: a way to call it off. */
  @FunctionalInterface
  interface Registration {
    /**
     * Calls the function off.
     *
     * @return true if it will not run; false if it has been started, or was called off before
     */
    boolean stop();
  }

  /** The root: never cancelled, without deadline and values. */
  static Context background() {
    return PlainContext.BACKGROUND;
  }

  /**
   * The context that the calling code runs in (see {@link #run}); the background outside of any.
   */
  static Context current() {
    return AbstractContext.CURRENT.orElse(background());
  }

  /** A child to be cancelled by its maker. */
  CancellableContext withCancel();

  /**
   * A child that is cancelled at {@code deadline}, with a {@link DeadlineExceededException} as the
   * cause, unless it ends earlier. Close it to release its timer.
   *
   * <p>The wall clock is read once, by this call. If it is set later, the child still ends when the
   * time that was left by then has passed. A deadline that has passed cancels at once; the longest
   * time is 146 years, and later deadlines are clamped to it.
   */
  CancellableContext withDeadline(Instant deadline);

  /**
   * As {@link #withDeadline(Instant)}; {@code cause} is the cause of the {@link
   * DeadlineExceededException}. An earlier deadline of this context keeps its own.
   */
  CancellableContext withDeadline(Instant deadline, Throwable cause);

  /**
   * A child that is cancelled after {@code timeout}, by {@link System#nanoTime}; at once, if it is
   * not positive. See {@link #withDeadline(Instant)}.
   */
  CancellableContext withTimeout(Duration timeout);

  /**
   * As {@link #withTimeout(Duration)}, with a cause as {@link #withDeadline(Instant, Throwable)}.
   */
  CancellableContext withTimeout(Duration timeout, Throwable cause);

  /** A child that carries a value, and hides the value that an ancestor has for the same key. */
  <T> Context withValue(Key<T> key, T value);

  /** A child that keeps the values but is not cancelled with its parent, and has no deadline. */
  Context withoutCancel();

  /** The value of the nearest ancestor that has one; null if there is none. */
  <T> @Nullable T value(Key<T> key);

  /**
   * When this context will be cancelled at the latest; null if it has no deadline. For a timeout
   * the time by the wall clock is computed by the first call, and not again if the clock is set.
   */
  @Nullable Instant deadline();

  /**
   * Runs {@code action} in a thread of its own once this context is cancelled; at once, if it is.
   * {@code cancel} does not wait for that. The thread is a virtual one; while the carriers are so
   * busy that it does not begin within 10 ms, a platform thread takes its place. There are at most
   * 64 of those, so the functions behind 64 that block wait for a carrier.
   */
  Registration afterFunc(Runnable action);

  /** Runs the action with this context as {@link #current()}. */
  default void run(Runnable action) {
    ScopedValue.where(AbstractContext.CURRENT, this).run(action);
  }

  /** Calls the function with this context as {@link #current()}. */
  default <T extends @Nullable Object> T call(Callable<T> function) throws Exception {
    return ScopedValue.where(AbstractContext.CURRENT, this).call(function::call);
  }
}
