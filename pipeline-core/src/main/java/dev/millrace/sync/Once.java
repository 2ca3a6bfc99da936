package dev.millrace.sync;

import dev.millrace.channel.Cancellation;
import dev.millrace.channel.Channel;
import dev.millrace.channel.internal.StackReserve;
import dev.millrace.context.Context;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A value that the first call computes, once for all callers, as Go's {@code sync.OnceValue}. But a
 * try that failed does not count, and the next call tries again.
 *
 * <pre>{@code
 * private final Once<Connection> connection = new Once<>(this::connect);
 *
 * Connection current() throws InterruptedException, ExecutionException {
 *   return connection.get();
 * }
 * }</pre>
 *
 * <p>The function runs in the thread of a caller. Callers that come meanwhile wait for that try and
 * get its value or its failure. So a hundred callers of a server that is down have one failure
 * each, after one try, not after a hundred. A try that ended because its own caller was interrupted
 * or cancelled is not reported to the others as a failure: the next caller that waits tries again.
 *
 * <p>A function that asks for its own value would wait for itself, and is refused: in its own
 * thread and in a {@link TaskGroup} that it opens.
 *
 * <p>Thread-safe. Once there is a value, a call is one volatile read, and the function is no longer
 * kept. The call of the function happens before every return of its value.
 *
 * @param <T> the type of the value
 */
public final class Once<T extends @Nullable Object> {

  private record Value<T extends @Nullable Object>(T get) {}

  /** A run of the function. */
  private static final class Try {
    final Channel<Void> ended = Channel.rendezvous();

    /** The failure of the function; written before the end. */
    @Nullable Throwable failure;
  }

  private volatile @Nullable Value<T> value;

  /** Null once there is a value. By the thread of the try that runs, one after the other. */
  private @Nullable Callable<T> function;

  private @Nullable Try running; // guarded by this

  /** With the function that computes the value; it is not called before {@link #get}. */
  public Once(Callable<T> function) {
    this.function = Objects.requireNonNull(function, "function");
  }

  /** Whether there is a value: {@link #get} does not block any more. */
  public boolean isDone() {
    return value != null;
  }

  /** Like {@link #get(Cancellation)}, and waits as long as it takes. */
  public T get() throws InterruptedException, ExecutionException {
    return get(Context.background());
  }

  /**
   * The value. If there is none, this thread computes it, or waits for the thread that does. {@code
   * cancellation} ends the wait; it ends the function only if that obeys it by itself.
   *
   * @throws ExecutionException if the function has thrown, in this thread or in the thread that
   *     this call has waited for: the cause is the thrown exception or error
   * @throws CancellationException if the cancellation comes before there is a value; or the
   *     exception of the function, in this thread
   * @throws InterruptedException if the thread is interrupted before there is a value
   * @throws IllegalStateException if the function itself asks for the value
   */
  public T get(Cancellation cancellation) throws InterruptedException, ExecutionException {
    StackReserve.ensureOverChannels();
    while (true) {
      Value<T> done = value;
      if (done != null) {
        return done.get;
      }
      cancellation.throwIfCancelled();
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      Try mine = new Try();
      Try other = join(mine);
      if (other == mine) {
        return run(mine);
      }
      if (other != null) {
        other.ended.receiveOrNull(cancellation);
        if (other.failure != null) {
          throw new ExecutionException("the function failed", other.failure);
        }
      }
    }
  }

  /**
   * The try to wait for; {@code mine} if that is now the one that runs; null if there is a value.
   */
  private synchronized @Nullable Try join(Try mine) {
    if (value != null) {
      return null;
    }
    Try now = running;
    if (now == null) {
      running = mine;
      return mine;
    }
    Inside.refuse(now, "get() of a Once", "its function cannot ask for the value");
    return now;
  }

  private T run(Try mine) throws InterruptedException, ExecutionException {
    try {
      T result = Inside.of(mine).call(Objects.requireNonNull(function));
      value = new Value<>(result);
      function = null;
      return result;
    } catch (InterruptedException | CancellationException e) {
      throw e;
    } catch (Throwable e) {
      mine.failure = e;
      throw new ExecutionException("the function failed", e);
    } finally {
      synchronized (this) {
        running = null;
      }
      mine.ended.close();
    }
  }
}
