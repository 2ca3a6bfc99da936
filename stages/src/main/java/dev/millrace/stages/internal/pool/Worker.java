package dev.millrace.stages.internal.pool;

import dev.millrace.stages.internal.wait.Signal;
import dev.millrace.stages.internal.wait.WaitStrategy;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A worker of a {@link WorkerPool}: applies the function of the stage to one element after the
 * other, in a thread of the engine.
 *
 * <p>Its methods are called by its own thread, except {@link #start}, {@link #wake} and {@link
 * #stop}.
 */
public abstract class Worker extends Claimant {

  /** Where it waits until it is called. */
  final Signal signal;

  /** Ends its wait: read by its thread, after the fence of the signal. */
  final BooleanSupplier called = () -> !isIdle();

  /** Ends its wait by throwing. */
  final Signal.Check<RuntimeException> check = interrupted -> check();

  /**
   * Whether it has a thread. Of the thread that calls it; the pool calls a worker once at a time.
   */
  boolean started;

  /** Whether it was called and has not looked for an element yet. Of its thread. */
  boolean searches = true;

  /** The key of its element; null if it has none. Of its thread. */
  @Nullable Object key;

  /** The element that it has claimed; null while it works on it, or waits. Of its thread. */
  @Nullable Object claimed;

  /**
   * A worker that is not started.
   *
   * @param signal where its thread waits for an element
   */
  protected Worker(Signal signal) {
    this.signal = signal;
  }

  /** Starts a thread that calls {@link WorkerPool#work}. By any thread, once. */
  protected abstract void start();

  /** Handles an element: the result, or null if it has failed. Throws to end the worker. */
  protected abstract @Nullable Object apply(Object element);

  /** Called before and after each park. Throws to end the worker. */
  protected abstract void check();

  /** Ends the call of the function, if one runs: its result has no taker. By any thread. */
  protected abstract void stop();

  @Override
  final void wake() {
    if (started) {
      signal.signal();
    } else {
      started = true;
      start();
    }
  }

  /** Waits until it is called, or the pool has finished. Throws what its check throws. */
  final void await() {
    signal.await(WaitStrategy.PARK, called, check);
  }
}
