package dev.millrace.sync;

import dev.millrace.channel.Channel;
import dev.millrace.channel.internal.StackReserve;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Lets concurrent calls with the same key share one execution, its value and its failure. So a
 * cache that has lost an entry asks for it once, not a thousand times.
 *
 * <pre>{@code
 * User user = users.call(id, context, () -> database.load(id)).value();
 * }</pre>
 *
 * <p>The execution belongs to no caller: it runs in a virtual thread of its own. Its {@linkplain
 * Context#current() current} context has the values of the first caller's context, but not the
 * deadline or cancellation of that caller. A caller that is interrupted or cancelled leaves, and
 * the others go on waiting. When the last one has left, the result is not wanted: the execution is
 * <i>abandoned</i>, which means that its context is cancelled and its thread is interrupted.
 *
 * <p>A call that comes then does not join the abandoned execution, and does not begin a second one
 * beside it. The call waits until the abandoned execution has ended, and begins a new one. So each
 * key has one execution at a time. That holds even if the function ignores interrupts and all
 * callers give up earlier. {@link #forget} and {@link #overlapping} are the ways to have more.
 *
 * <p>A call by the execution itself with its own key would wait for itself, and is refused.
 *
 * <p>Nothing is kept: once an execution has ended, the next call begins a new one. Keys are
 * compared with {@code equals}. Thread-safe. An execution costs a virtual thread, and a call an
 * uncontended monitor. After {@code golang.org/x/sync/singleflight}; its {@code DoChan} is {@code
 * TaskGroup.fork} here.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class SingleFlight<K, V extends @Nullable Object> {

  /**
   * The result of a call.
   *
   * @param value the function's result
   * @param shared whether more than one call has asked for it
   */
  public record Result<V extends @Nullable Object>(V value, boolean shared) {}

  /**
   * Thrown by a call if the function has thrown anything, errors included. Each caller gets an
   * exception of its own with the same cause. The site of the call that began the execution is
   * suppressed in it.
   */
  public static final class FailedException extends ExecutionException {
    private static final long serialVersionUID = 1L;

    private final boolean shared;

    private FailedException(String message, Task<?> task, boolean shared) {
      super(message, task.failure());
      this.shared = shared;
      addSuppressed(task.forkedAt());
    }

    /** Whether more than one call has asked for the value. */
    public boolean shared() {
      return shared;
    }
  }

  /** One execution and its callers. The fields that are not final are guarded by the monitor. */
  private static final class Flight<V extends @Nullable Object> {
    final Task<V> task;
    final CancellableContext context;
    final Thread thread;
    final Channel<Void> landed = Channel.rendezvous();
    int callers;
    int waiting;
    boolean abandoned;

    /** Begins when this one, which is abandoned, has ended. */
    @Nullable Flight<V> next;

    Flight(Context first, Callable<V> function, SingleFlight<?, V> owner, Object key) {
      Inside inside = Inside.of(this);
      task = new Task<>(function);
      context = first.withoutCancel().withCancel();
      thread =
          Thread.ofVirtual()
              .name("millrace-single-flight")
              .unstarted(() -> inside.run(() -> owner.fly(key, this)));
    }
  }

  private final Map<K, Flight<V>> flights = new HashMap<>();
  private final boolean overlapping;

  /** Without anything under way. */
  public SingleFlight() {
    this(false);
  }

  private SingleFlight(boolean overlapping) {
    this.overlapping = overlapping;
  }

  /**
   * One whose calls do not wait for an abandoned execution: they begin a new one at once. If
   * functions ignore interrupts, many executions of one key may run at the same time.
   */
  public static <K, V extends @Nullable Object> SingleFlight<K, V> overlapping() {
    return new SingleFlight<>(true);
  }

  /** Like {@link #call(Object, Context, Callable)}, in the current context. */
  public Result<V> call(K key, Callable<V> function)
      throws InterruptedException, ExecutionException {
    return call(key, Context.current(), function);
  }

  /**
   * Runs the function, or waits for the execution that is under way for an equal key. Blocks until
   * the execution has ended, or {@code context} is cancelled.
   *
   * @throws FailedException if the function has thrown, whatever it was. It is declared as an
   *     {@code ExecutionException}
   * @throws CancellationException if the context is cancelled before the end
   * @throws InterruptedException if the thread is interrupted before the end
   * @throws IllegalStateException if the function itself makes a call with its key, in its own
   *     thread or in a {@link TaskGroup}
   */
  public Result<V> call(K key, Context context, Callable<V> function)
      throws InterruptedException, ExecutionException {
    StackReserve.ensureOverContexts();
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(function, "function");
    context.throwIfCancelled();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Flight<V> flight = board(key, context, function);
    boolean landed = false;
    try {
      flight.landed.receiveOrNull(context);
      landed = true;
    } finally {
      if (!landed) {
        leave(key, flight);
      }
    }
    boolean shared;
    synchronized (this) {
      shared = flight.callers > 1;
    }
    if (flight.task.failure() != null) {
      throw new FailedException("the call for the key " + key + " failed", flight.task, shared);
    }
    return new Result<>(flight.task.get(), shared);
  }

  /**
   * Lets the next call with this key begin a new execution at once. An execution that is under way
   * goes on for its callers. If calls wait for the end of an abandoned execution, a new one begins
   * now for these calls.
   */
  public synchronized void forget(K key) {
    StackReserve.ensureOverContexts();
    Flight<V> flight = flights.remove(Objects.requireNonNull(key, "key"));
    if (flight != null && flight.next != null) {
      flight.next.thread.start();
      flight.next = null;
    }
  }

  /**
   * The number of keys with an execution under way. Abandoned executions count; forgotten ones do
   * not.
   */
  public synchronized int size() {
    return flights.size();
  }

  private synchronized Flight<V> board(K key, Context context, Callable<V> function) {
    Flight<V> flight = flights.get(key);
    if (flight != null) {
      Inside.refuse(
          flight,
          "the call of a single flight for the key " + key,
          "its function cannot make a call with the same key");
    }
    if (flight == null) {
      flight = new Flight<>(context, function, this, key);
      flight.thread.start();
      flights.put(key, flight);
    } else if (flight.abandoned) {
      Flight<V> next =
          flight.next != null ? flight.next : new Flight<>(context, function, this, key);
      flight.next = next;
      flight = next;
    }
    flight.callers++;
    flight.waiting++;
    return flight;
  }

  private void fly(Object key, Flight<V> flight) {
    try {
      flight.context.run(flight.task::run);
    } finally {
      synchronized (this) {
        ended(key, flight);
      }
      flight.landed.close();
      flight.context.close();
    }
  }

  /** Makes room for the next execution of the key, and begins it if calls wait for it. */
  @SuppressWarnings("unchecked") // the flight is that of the key
  private void ended(Object key, Flight<V> flight) {
    Flight<V> next = flight.next;
    if (next == null) {
      flights.remove(key, flight);
    } else {
      flights.replace((K) key, flight, next);
      flight.next = null;
      next.thread.start();
    }
  }

  private void leave(K key, Flight<V> flight) {
    synchronized (this) {
      if (--flight.waiting > 0) {
        return;
      }
      Flight<V> current = flights.get(key);
      if (current != null && current.next == flight) { // it has not begun, and never will
        current.next = null;
        return;
      }
      flight.abandoned = true;
      if (overlapping) {
        flights.remove(key, flight);
      }
    }
    flight.context.cancel(new CancellationException("no caller waits for the result any more"));
    flight.thread.interrupt();
  }
}
