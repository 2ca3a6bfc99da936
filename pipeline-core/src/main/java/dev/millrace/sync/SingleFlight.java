package dev.millrace.sync;

import dev.millrace.channel.Channel;
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
 * Lets calls with the same key that come at the same time share one execution, its value and its
 * failure: what keeps a cache that has lost an entry from asking for it a thousand times.
 *
 * <pre>{@code
 * User user = users.call(id, context, () -> database.load(id)).value();
 * }</pre>
 *
 * <p>The execution belongs to nobody: it runs in a virtual thread of its own, with the values of
 * the first caller's context as its {@linkplain Context#current() current} one, but not with that
 * caller's deadline or cancellation. A caller that is interrupted or cancelled leaves, and the
 * others go on waiting. When the last one has left, nobody wants the result: the execution's
 * context is cancelled, its thread is interrupted, and the next call with that key begins a new
 * one.
 *
 * <p>Nothing is kept: once an execution has ended, the next call begins a new one. Keys are
 * compared with {@code equals}. Safe for use by many threads. An execution costs a virtual thread,
 * and a call an uncontended monitor. After {@code golang.org/x/sync/singleflight}; its {@code
 * DoChan} is {@code TaskGroup.fork} here.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class SingleFlight<K, V extends @Nullable Object> {

  /**
   * What a call returns.
   *
   * @param value what the function has returned
   * @param shared whether more than one call has asked for it
   */
  public record Result<V extends @Nullable Object>(V value, boolean shared) {}

  /** One execution, and those who wait for it. The counters are guarded by the monitor. */
  private static final class Flight<V extends @Nullable Object> {
    final Task<V> task;
    final CancellableContext context;
    final Thread thread;
    final Channel<Void> landed = Channel.rendezvous();
    int callers;
    int waiting;

    Flight(Context first, Callable<V> function, SingleFlight<?, V> owner, Object key) {
      task = new Task<>(function);
      context = first.withoutCancel().withCancel();
      thread =
          Thread.ofVirtual().name("millrace-single-flight").unstarted(() -> owner.fly(key, this));
    }
  }

  private final Map<K, Flight<V>> flights = new HashMap<>();

  /** Without anything under way. */
  public SingleFlight() {}

  /** As {@link #call(Object, Context, Callable)}, in the current context. */
  public Result<V> call(K key, Callable<V> function)
      throws InterruptedException, ExecutionException {
    return call(key, Context.current(), function);
  }

  /**
   * Runs the function, or waits for the execution that is under way for an equal key; blocks until
   * it has ended, or {@code context} is cancelled.
   *
   * @throws ExecutionException if the function has thrown, whatever it was: every caller gets that
   *     as the cause of an exception of its own
   * @throws CancellationException if the context is cancelled before the end
   * @throws InterruptedException if the thread is interrupted before the end
   * @throws IllegalStateException if the function itself makes a call with its key
   */
  public Result<V> call(K key, Context context, Callable<V> function)
      throws InterruptedException, ExecutionException {
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
    Throwable failure = flight.task.failure();
    if (failure != null) {
      throw new ExecutionException("the call for the key " + key + " failed", failure);
    }
    synchronized (this) {
      return new Result<>(flight.task.get(), flight.callers > 1);
    }
  }

  /**
   * Lets the next call with this key begin a new execution, though one may be under way: that one
   * goes on for those who wait for it.
   */
  public synchronized void forget(K key) {
    flights.remove(Objects.requireNonNull(key, "key"));
  }

  /** How many keys have an execution under way, those that were forgotten not included. */
  public synchronized int size() {
    return flights.size();
  }

  private synchronized Flight<V> board(K key, Context context, Callable<V> function) {
    Flight<V> flight = flights.get(key);
    if (flight == null) {
      flight = new Flight<>(context, function, this, key);
      flight.thread.start();
      flights.put(key, flight);
    } else if (flight.thread == Thread.currentThread()) {
      throw new IllegalStateException(
          "the call for the key " + key + " calls itself: it would wait for itself for ever");
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
        flights.remove(key, flight);
      }
      flight.landed.close();
      flight.context.close();
    }
  }

  private void leave(K key, Flight<V> flight) {
    synchronized (this) {
      if (--flight.waiting > 0) {
        return;
      }
      flights.remove(key, flight);
    }
    flight.context.cancel(new CancellationException("nobody waits for the result any more"));
    flight.thread.interrupt();
  }
}
