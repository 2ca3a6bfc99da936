package dev.millrace.stages.internal.reactor;

import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.stages.internal.wait.Signal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The virtual threads of a run, each kept for the next task when it has done one. There are as many
 * as tasks at the same time; the operators bound that number.
 *
 * <p>Thread-safe. A task that comes when they are closed or the context is cancelled is dropped: it
 * has no taker.
 */
final class RunThreads implements Executor {

  private final Context context;
  private final Interrupts interrupts;
  private final Consumer<? super Throwable> onError;
  private final List<Thread> threads = new ArrayList<>(); // guarded by this, as all below
  private final ArrayDeque<Runner> idle = new ArrayDeque<>();
  private boolean closed;

  /**
   * RunThreads without a thread.
   *
   * @param context the current one of the tasks
   * @param onError gets an exception of a task
   */
  RunThreads(Context context, Interrupts interrupts, Consumer<? super Throwable> onError) {
    this.context = context;
    this.interrupts = interrupts;
    this.onError = onError;
  }

  @Override
  public void execute(Runnable task) {
    Runner runner;
    synchronized (this) {
      if (closed || context.isCancelled()) {
        return;
      }
      runner = idle.pollLast();
      if (runner == null) {
        start(new Runner(task));
        return;
      }
    }
    runner.hand(task);
  }

  private void start(Runner runner) {
    Thread thread = Thread.ofVirtual().name("millrace-stage").unstarted(() -> context.run(runner));
    threads.add(thread);
    thread.start();
  }

  /** Ends the threads that are idle now, and the others when their task is done. */
  void close() {
    Runner[] left;
    synchronized (this) {
      closed = true;
      left = idle.toArray(Runner[]::new);
      idle.clear();
    }
    for (Runner runner : left) {
      runner.end();
    }
  }

  private synchronized boolean keep(Runner runner) {
    if (!closed) {
      idle.addLast(runner);
    }
    return !closed;
  }

  /** The threads that have not ended. */
  synchronized List<Thread> alive() {
    return threads.stream().filter(Thread::isAlive).toList();
  }

  void interruptAll(Interrupts.Reason reason) {
    for (Thread thread : alive()) {
      interrupts.interrupt(thread, reason);
    }
  }

  /** Waits until all threads have ended. Returns whether they ended within the timeout. */
  boolean join(Duration timeout) throws InterruptedException {
    long end = Time.nanoTime() + timeout.toNanos();
    for (Thread thread : alive()) {
      if (!Time.join(thread, Time.left(end))) {
        return false;
      }
    }
    return true;
  }

  private final class Runner implements Runnable {
    /**
     * The next task. The thread that hands the task over takes this runner out of {@link #idle},
     * and then writes the field. The runner's thread clears the field before it runs the task.
     */
    private volatile @Nullable Runnable task;

    /** Where it waits for a task. */
    private final Signal signal = new Signal();

    private final BooleanSupplier hasTaskOrIsEnded = this::hasTaskOrIsEnded;

    /** Written once by the thread that closes; read by the runner's thread. */
    private volatile boolean ended;

    private Runner(Runnable first) {
      task = first;
    }

    private void hand(Runnable next) {
      task = next;
      signal.signal();
    }

    private void end() {
      ended = true;
      signal.signal();
    }

    @Override
    public void run() {
      for (Runnable next; (next = await()) != null; ) {
        task = null;
        try {
          next.run();
        } catch (Throwable e) {
          onError.accept(e);
        }
        Thread.interrupted(); // it was meant for the task
        if (!keep(this)) {
          return;
        }
      }
    }

    private @Nullable Runnable await() {
      signal.await(hasTaskOrIsEnded);
      return task;
    }

    private boolean hasTaskOrIsEnded() {
      return task != null || ended;
    }
  }
}
