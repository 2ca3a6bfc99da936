package dev.millrace.sync;

import dev.millrace.channel.Channel;
import dev.millrace.clock.internal.Time;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Note;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls that free their caller when its context is done, even if the function goes on.
 *
 * <pre>{@code
 * private final DetachedCalls calls = DetachedCalls.atMost(200);
 *
 * Answer ask(Context request) throws Exception {
 *   try (var context = request.withTimeout(Duration.ofMillis(100))) {
 *     return calls.call(context, () -> oldDriver.query()); // ignores interrupts
 *   }
 * }
 * }</pre>
 *
 * <p>Everywhere else in this library a caller waits until the functions that it has called have
 * ended, so that nothing runs behind its back. That is the better choice for functions that obey an
 * interrupt or a context. This class is for functions that do not, such as native code, old
 * drivers, and loops that compute.
 *
 * <p>The function runs in a virtual thread and a child context of its own. When the caller's
 * context is done, the thread is interrupted and the caller returns at once. The function is then
 * <i>left behind</i>: its thread goes on until the function returns, and {@link #leftBehind} shows
 * it. Its late value goes to the handler of late values, so that a connection can be closed; an
 * exception of the handler is dropped.
 *
 * <p>The number of threads, running or left behind, is bounded: a call beyond it is refused. So a
 * callee that hangs for ever costs a bounded number of threads, and callers learn of it.
 *
 * <p>Thread-safe. A call costs a virtual thread.
 */
public final class DetachedCalls {

  /**
   * A function whose caller does not wait for it any more.
   *
   * @param since how long ago its caller left it
   * @param place the stack of its thread, as it is now
   */
  public record LeftBehind(Duration since, Note place) {}

  private final int maxThreads;

  /**
   * The nano time at which the caller of each thread left; null while the caller waits. Guarded by
   * this.
   */
  private final Map<Thread, @Nullable Long> threads = new LinkedHashMap<>();

  private DetachedCalls(int maxThreads) {
    if (maxThreads < 1) {
      throw new IllegalArgumentException(
          "the number of threads must be at least 1, but is " + maxThreads);
    }
    this.maxThreads = maxThreads;
  }

  /**
   * Calls with a bound.
   *
   * @param threads how many functions may run at the same time, those left behind included; at
   *     least 1
   */
  public static DetachedCalls atMost(int threads) {
    return new DetachedCalls(threads);
  }

  /** Like {@link #call(Context, Callable, Consumer)}; a late value is dropped. */
  public <T extends @Nullable Object> T call(Context context, Callable<T> function)
      throws InterruptedException, ExecutionException {
    return call(context, function, late -> {});
  }

  /**
   * Calls the function, and waits until it has returned or {@code context} is done.
   *
   * @param late receives the value of a function that was left behind, in the thread of the
   *     function; its exceptions are dropped
   * @return the value of the function
   * @throws ExecutionException if the function has thrown, an {@link Error} included: the cause is
   *     that exception, unchanged
   * @throws CancellationException if the context is done first, with its cause. The place where the
   *     function was at that moment is suppressed
   * @throws InterruptedException if the thread is interrupted first; the function is left behind
   *     too
   * @throws RejectedExecutionException if there are too many threads; the function is not called
   */
  public <T extends @Nullable Object> T call(
      Context context, Callable<T> function, Consumer<? super T> late)
      throws InterruptedException, ExecutionException {
    context.throwIfCancelled();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    var call = new Call<T>(context.withCancel(), function, late);
    try {
      call.start();
      call.ended.receiveOrNull(context);
    } catch (CancellationException | InterruptedException e) {
      if (call.leave()) {
        e.addSuppressed(Note.at(call.thread, "the function is left behind, here"));
        throw e;
      }
      if (e instanceof InterruptedException) { // too late: the function has ended
        Thread.currentThread().interrupt();
      }
    }
    return call.result();
  }

  private synchronized void add(Thread thread) {
    if (threads.size() >= maxThreads) {
      throw new RejectedExecutionException(
          "all %d threads are taken, %d of them by functions that were left behind: does the callee hang?"
              .formatted(maxThreads, left().size()));
    }
    threads.put(thread, null);
  }

  private synchronized void remove(Thread thread) {
    threads.remove(thread);
  }

  private List<Thread> left() {
    List<Thread> left = new ArrayList<>();
    threads.forEach(
        (thread, since) -> {
          if (since != null) {
            left.add(thread);
          }
        });
    return left;
  }

  /** How many functions run now, with and without a caller that waits. */
  public synchronized int running() {
    return threads.size();
  }

  /** The functions that were left behind and still run, the oldest call first. */
  public synchronized List<LeftBehind> leftBehind() {
    long now = Time.nanoTime();
    List<LeftBehind> all = new ArrayList<>();
    threads.forEach(
        (thread, since) -> {
          if (since != null) {
            all.add(new LeftBehind(Duration.ofNanos(now - since), Note.at(thread, "left behind")));
          }
        });
    return all;
  }

  /** Says how many functions run, and how many were left behind. */
  @Override
  public synchronized String toString() {
    return "DetachedCalls[%d of %d running, %d left behind]"
        .formatted(threads.size(), maxThreads, left().size());
  }

  /** One call. Either its caller gets the result or the function is left behind, never both. */
  private final class Call<T extends @Nullable Object> {

    private enum State {
      RUNNING,
      ENDED,
      LEFT
    }

    final Channel<Void> ended = Channel.rendezvous();
    final Thread thread;
    private final CancellableContext context;
    private final Callable<T> function;
    private final Consumer<? super T> late;

    // Guarded by this.
    private State state = State.RUNNING;
    private @Nullable Task<T> outcome;

    Call(CancellableContext context, Callable<T> function, Consumer<? super T> late) {
      this.context = context;
      this.function = Objects.requireNonNull(function, "function");
      this.late = Objects.requireNonNull(late, "late");
      this.thread = Thread.ofVirtual().name("millrace-detached-call").unstarted(this::run);
    }

    void start() {
      boolean started = false;
      try {
        add(thread);
        thread.start();
        started = true;
      } finally {
        if (!started) {
          remove(thread);
          context.cancel();
        }
      }
    }

    private void run() {
      try {
        var task = new Task<>(function);
        context.run(task::run);
        if (!end(task) && task.state() == Task.State.SUCCEEDED) {
          late.accept(task.get());
        }
      } catch (RuntimeException e) {
        // Thrown by the handler of late values; no caller is left to receive it.
      } finally {
        context.cancel(); // its parent forgets it
        remove(thread);
        ended.close(); // behind the removal: a caller that has the result has its place back
      }
    }

    /** Whether the caller gets the outcome. */
    private synchronized boolean end(Task<T> task) {
      if (state == State.LEFT) {
        return false;
      }
      state = State.ENDED;
      outcome = task;
      return true;
    }

    /** Leaves the function behind; false if it has ended. */
    boolean leave() {
      synchronized (this) {
        if (state == State.ENDED) {
          return false;
        }
        state = State.LEFT;
      }
      synchronized (DetachedCalls.this) {
        if (threads.containsKey(thread)) {
          threads.put(thread, Time.nanoTime());
        }
      }
      context.cancel(new CancellationException("the caller of the function has left"));
      thread.interrupt();
      return true;
    }

    synchronized T result() throws ExecutionException {
      Task<T> task = Objects.requireNonNull(outcome);
      Throwable failure = task.failure();
      if (failure != null) {
        throw new ExecutionException("the function failed", failure);
      }
      return task.get();
    }
  }
}
