package dev.millrace.sync;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Tasks that begin and end together: each runs in a virtual thread of its own, and none outlives
 * the block in which the group was opened.
 *
 * <pre>{@code
 * try (var group = TaskGroup.open(context)) {
 *   var web = group.fork(() -> search("web"));
 *   var images = group.fork(() -> search("images"));
 *   group.join();
 *   return merge(web.get(), images.get());
 * }
 * }</pre>
 *
 * <p>A group has a {@link #context()} of its own, which is the current context of its tasks. When
 * it is cancelled (by the parent, by the first task that fails, or by {@link #close()}) the threads
 * of the tasks are interrupted, and tasks that are forked later are not run. {@link #collecting}
 * makes a group whose tasks do not stop each other.
 *
 * <p>Tasks may be forked by any thread, tasks of the group among them. A fork costs a virtual
 * thread and the stack trace of the forking site, which is suppressed in what the task throws.
 */
public final class TaskGroup implements AutoCloseable {

  private final Context parent;
  private final CancellableContext context;
  private final Context.Registration interruption;
  private final boolean collecting;
  private final Set<Thread> threads = new HashSet<>();
  private final List<Throwable> failures = new ArrayList<>();
  private int limit = Integer.MAX_VALUE;
  private boolean interrupted;
  private boolean closed;

  private TaskGroup(Context parent, boolean collecting) {
    this.parent = parent;
    this.context = parent.withCancel();
    this.collecting = collecting;
    this.interruption = CancelSource.listen(context, this::interruptAll);
  }

  /** A group that is cancelled by the first task that fails. */
  public static TaskGroup open(Context parent) {
    return new TaskGroup(parent, false);
  }

  /** A group whose tasks all run to their end; {@link #join} reports every failure. */
  public static TaskGroup collecting(Context parent) {
    return new TaskGroup(parent, true);
  }

  /**
   * Bounds the number of tasks that run at the same time; {@link #fork} then waits.
   *
   * @param tasks at least 1
   */
  public synchronized TaskGroup limit(int tasks) {
    if (tasks < 1) {
      throw new IllegalArgumentException("the limit must be at least 1, but is " + tasks);
    }
    limit = tasks;
    notifyAll();
    return this;
  }

  /** The context of the tasks. */
  public Context context() {
    return context;
  }

  /** Cancels the group: its tasks are interrupted, and later ones are not run. */
  public void cancel(Throwable cause) {
    context.cancel(cause);
  }

  /**
   * Runs the function as a task, in a new virtual thread; blocks while the {@link #limit} is
   * reached.
   *
   * @return the task; {@link Task.State#CANCELLED} if the group is cancelled
   * @throws IllegalStateException if the group is closed
   * @throws InterruptedException if the thread is interrupted while it waits for the limit
   */
  public <T extends @Nullable Object> Task<T> fork(Callable<T> function)
      throws InterruptedException {
    var task = new Task<>(function);
    synchronized (this) {
      while (threads.size() >= limit && !context.isCancelled() && !closed) {
        wait();
      }
      start(task);
    }
    return task;
  }

  /**
   * As {@link #fork}, but does not wait.
   *
   * @return null if the limit is reached
   */
  public synchronized <T extends @Nullable Object> @Nullable Task<T> tryFork(Callable<T> function) {
    if (threads.size() >= limit && !context.isCancelled()) {
      return null;
    }
    var task = new Task<>(function);
    start(task);
    return task;
  }

  private void start(Task<?> task) {
    if (closed) {
      throw new IllegalStateException("the task group is closed");
    }
    if (context.isCancelled()) {
      task.cancel();
      return;
    }
    Thread thread = Thread.ofVirtual().name("millrace-task").unstarted(() -> run(task));
    threads.add(thread);
    thread.start();
  }

  private void run(Task<?> task) {
    try {
      context.run(task::run);
    } finally {
      ended(task.failure());
    }
  }

  private void ended(@Nullable Throwable failure) {
    // A task that is interrupted because the group was cancelled has not failed by itself.
    boolean counts = failure != null && !(context.isCancelled() && isConsequence(failure));
    if (counts) {
      Throwable first;
      synchronized (this) { // in the list before it is the cause: both have the same first failure
        failures.add(Objects.requireNonNull(failure));
        first = failures.getFirst();
      }
      if (!collecting) {
        context.cancel(first);
      }
    }
    synchronized (this) {
      threads.remove(Thread.currentThread());
      notifyAll();
    }
  }

  private static boolean isConsequence(Throwable failure) {
    return failure instanceof InterruptedException || failure instanceof CancellationException;
  }

  private synchronized void interruptAll() {
    threads.forEach(Thread::interrupt);
    interrupted = true;
    notifyAll();
  }

  /**
   * Waits until every task has ended.
   *
   * @throws ExecutionException if tasks failed: its cause is the first failure, in which the others
   *     are suppressed
   * @throws CancellationException if the parent context was cancelled and no task failed before
   * @throws InterruptedException if the thread is interrupted while it waits; the tasks go on
   */
  public void join() throws InterruptedException, ExecutionException {
    synchronized (this) {
      while (!threads.isEmpty()) {
        wait();
      }
      if (!failures.isEmpty()) {
        var exception = new ExecutionException("a task failed", failures.getFirst());
        failures.stream().skip(1).forEach(exception::addSuppressed);
        throw exception;
      }
    }
    parent.throwIfCancelled();
  }

  /**
   * Cancels the group and waits until no task is alive, however long that takes. An interrupt does
   * not shorten the wait; it is kept for the caller.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (interruption.stop()) { // from here on it is done below
        interrupted = true;
      }
      closed = true;
    }
    context.cancel();
    boolean keep = false;
    synchronized (this) {
      threads.forEach(Thread::interrupt);
      notifyAll();
      while (!threads.isEmpty() || !interrupted) {
        try {
          wait();
        } catch (InterruptedException e) {
          keep = true;
        }
      }
    }
    if (keep) {
      Thread.currentThread().interrupt();
    }
  }
}
