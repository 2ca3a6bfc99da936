package dev.millrace.sync;

import dev.millrace.channel.Channel;
import dev.millrace.channel.internal.StackReserve;
import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.errors.NotedException;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
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
 * <p>A group has a {@link #context()} of its own, which is the current context of its tasks. It is
 * cancelled by the parent, by {@link #cancel}, by the first task that fails, or by {@link
 * #close()}. Then the threads of the tasks are interrupted, and the functions of later forks are
 * not run. {@link #collecting} makes a group whose tasks do not stop each other.
 *
 * <p>A function that is not run cannot release a resource of the forking thread. Then the task of
 * the fork is {@link Task.State#CANCELLED}, and the fork calls {@code notRun} ({@link
 * #fork(Callable, Runnable)}). Simpler still: take the resource inside of the task.
 *
 * <p>{@link #join} and {@link #close} wait for all tasks. A task of the group, or of a group that
 * was opened inside of such a task, would wait for itself: there both throw an {@link
 * IllegalStateException} at once.
 *
 * <p>Thread-safe: any thread may fork, tasks of the group among them. A fork costs a virtual thread
 * and the stack trace of the forking site, which is reported beside the task's exception; nothing
 * is added to the exception itself.
 */
public final class TaskGroup implements AutoCloseable {

  /** A thread that waits for a place below the limit. */
  private static final class Forker {
    final Channel<Void> woken = Channel.rendezvous();
    final boolean isTask;
    boolean refused; // guarded by the monitor of the group

    Forker(boolean isTask) {
      this.isTask = isTask;
    }
  }

  private final Context parent;
  private final CancellableContext context;
  private final CancelSource.Listening interruption;
  private final boolean collecting;
  private final Inside inside = Inside.of(this);

  // All that follows is guarded by the monitor. Threads wait for it only until the group is empty.
  private final Set<Thread> threads = new LinkedHashSet<>(); // in the order of their forks
  private final LinkedHashSet<Forker> forkers = new LinkedHashSet<>(); // first come, first served
  private final Failures failures = new Failures();
  private @Nullable NotedException decisive; // the failure that has cancelled the group
  private @Nullable Consumer<? super NotedException> onFailure;
  private int limit = Integer.MAX_VALUE;
  private int granted; // places of forkers that have been woken, and have not started their task
  private int waitingTasks; // forkers that are tasks of this group
  private boolean interrupted;
  private boolean joined;
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

  /** A group whose tasks all run to their end; {@link #join} reports the failures. */
  public static TaskGroup collecting(Context parent) {
    return new TaskGroup(parent, true);
  }

  /**
   * Bounds the number of tasks that run at the same time; {@link #fork} then waits, first come,
   * first served. Default: no limit.
   *
   * @param tasks at least 1
   */
  public synchronized TaskGroup limit(int tasks) {
    StackReserve.ensureOverContexts();
    if (tasks < 1) {
      throw new IllegalArgumentException("the limit must be at least 1, but is " + tasks);
    }
    limit = tasks;
    changed();
    return this;
  }

  /**
   * Hands each failure of a task to the handler, in the thread of the task and before {@link #join}
   * returns; several at once if several tasks fail. The group then keeps the first failure only.
   * Without a handler it keeps the first 1,000. Tasks that end because the group was cancelled are
   * no failures.
   *
   * @param handler receives the failure with the site of the fork. An exception of the handler is a
   *     failure of the task, too
   */
  public synchronized TaskGroup onFailure(Consumer<? super NotedException> handler) {
    onFailure = Objects.requireNonNull(handler, "handler");
    return this;
  }

  /** The context of the tasks. */
  public Context context() {
    return context;
  }

  /**
   * Cancels the group: its tasks are interrupted, the functions of later forks are not run, and
   * {@link #join} reports the cause. Does nothing if the group is cancelled.
   */
  public void cancel(Throwable cause) {
    context.cancel(cause);
  }

  /**
   * Runs the function as a task, in a new virtual thread; blocks while the {@link #limit} is
   * reached. If it throws, the function is not run.
   *
   * @return the task. It is {@link Task.State#CANCELLED}, and the function is not run, if the group
   *     is cancelled; {@link #join} says why
   * @throws IllegalStateException if the group is closed, or has been joined; or if the limit is
   *     reached and every running task of the group waits in a fork, so that none would ever end
   * @throws InterruptedException if the thread is interrupted while it waits for the limit. If the
   *     group is cancelled too, the result is the cancelled task, and the interrupt is kept
   */
  public <T extends @Nullable Object> Task<T> fork(Callable<T> function)
      throws InterruptedException {
    var task = new Task<>(function);
    fork(task);
    return task;
  }

  /**
   * Like {@link #fork(Callable)}, for a function that releases a resource of the calling thread.
   *
   * <pre>{@code
   * permits.acquire(context);
   * group.fork(
   *     () -> {
   *       try {
   *         return load();
   *       } finally {
   *         permits.release();
   *       }
   *     },
   *     permits::release);
   * }</pre>
   *
   * @param notRun called by this thread, before this method returns or throws, if the function is
   *     not run. So always one of both is called, once
   */
  public <T extends @Nullable Object> Task<T> fork(Callable<T> function, Runnable notRun)
      throws InterruptedException {
    Objects.requireNonNull(notRun, "notRun");
    boolean runs = false;
    try {
      var task = new Task<>(function);
      runs = fork(task);
      return task;
    } finally {
      if (!runs) {
        notRun.run();
      }
    }
  }

  /** Whether the task runs; false if it is cancelled. */
  private boolean fork(Task<?> task) throws InterruptedException {
    StackReserve.ensureOverContexts();
    Forker forker;
    synchronized (this) {
      if (context.isCancelled() || hasPlace()) {
        return start(task);
      }
      checkOpen();
      forker = new Forker(threads.contains(Thread.currentThread()));
      forkers.add(forker);
      waitingTasks += forker.isTask ? 1 : 0;
      refuseOneIfStuck();
    }
    boolean hasPlace = awaitPlace(forker);
    synchronized (this) {
      granted -= hasPlace ? 1 : 0;
      try {
        return start(task); // checks again whether the group is closed or cancelled
      } finally {
        changed();
      }
    }
  }

  /**
   * Like {@link #fork(Callable)}, but does not wait.
   *
   * @return null if the limit is reached; then the function is not run
   * @throws IllegalStateException if the group is closed, or has been joined
   */
  public synchronized <T extends @Nullable Object> @Nullable Task<T> tryFork(Callable<T> function) {
    StackReserve.ensureOverContexts();
    var task = new Task<>(function);
    if (!context.isCancelled() && !hasPlace()) {
      checkOpen();
      return null;
    }
    start(task);
    return task;
  }

  /**
   * Waits for a place below the limit. Has none when it throws, or returns false because the group
   * is cancelled.
   */
  private boolean awaitPlace(Forker forker) throws InterruptedException {
    boolean woken = false;
    try {
      forker.woken.receiveOrNull(context);
      woken = true;
    } catch (CancellationException e) {
      return false;
    } catch (InterruptedException e) {
      if (!context.isCancelled()) {
        throw e;
      }
      Thread.currentThread().interrupt();
      return false;
    } finally {
      if (!woken) {
        giveUp(forker);
      }
    }
    if (forker.refused) {
      throw new IllegalStateException(
          "every running task of the group waits in a fork for its limit, so that none would ever"
              + " end: use tryFork, a larger limit, or a group of its own for the tasks of a task");
    }
    return true;
  }

  /** The number of threads that wait in a fork for the limit now: for monitoring. */
  public synchronized int waiting() {
    return forkers.size();
  }

  private synchronized void giveUp(Forker forker) {
    if (forkers.remove(forker)) {
      waitingTasks -= forker.isTask ? 1 : 0;
    } else if (!forker.refused) { // it was given a place meanwhile
      granted--;
    }
    changed();
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the task group is closed: open a new one");
    }
    if (joined && !context.isCancelled()) {
      throw new IllegalStateException(
          "the task group has been joined: fork before join(), or open a new group");
    }
  }

  private boolean hasPlace() {
    return threads.size() + granted < limit;
  }

  /** Whether there are tasks, or will be. */
  private boolean isBusy() {
    return granted > 0 || !threads.isEmpty() || !forkers.isEmpty();
  }

  /** After each change: wakes the threads that now have something to do, and no others. */
  private void changed() {
    while (!forkers.isEmpty() && hasPlace()) {
      granted++;
      wake(forkers.getFirst());
    }
    refuseOneIfStuck();
    if (!isBusy()) {
      notifyAll();
    }
  }

  private void wake(Forker forker) {
    forkers.remove(forker);
    waitingTasks -= forker.isTask ? 1 : 0;
    forker.woken.close();
  }

  /** If all running tasks wait for each other's places, the one that came last may not wait. */
  private void refuseOneIfStuck() {
    if (granted == 0 && waitingTasks > 0 && waitingTasks == threads.size()) {
      for (Forker last : forkers.reversed()) {
        if (last.isTask) {
          last.refused = true;
          wake(last);
          return;
        }
      }
    }
  }

  /** Starts a thread for the task; false if the group is cancelled. */
  private boolean start(Task<?> task) {
    checkOpen();
    if (context.isCancelled()) {
      task.cancel();
      return false;
    }
    Thread thread = Thread.ofVirtual().name("millrace-task").unstarted(() -> run(task));
    boolean started = false;
    threads.add(thread);
    try {
      thread.start();
      started = true;
    } finally {
      if (!started) {
        threads.remove(thread);
      }
    }
    return true;
  }

  private void run(Task<?> task) {
    try {
      inside.run(
          () ->
              context.run(
                  () -> {
                    task.run();
                    NotedException failure = task.noted();
                    if (failure != null && !isConsequence(failure.getCause())) {
                      failed(failure);
                    }
                  }));
    } finally {
      synchronized (this) {
        threads.remove(Thread.currentThread());
        changed();
      }
    }
  }

  /** A task that ends because the group was cancelled has not failed by itself. */
  private boolean isConsequence(Throwable failure) {
    return (failure instanceof InterruptedException || failure instanceof CancellationException)
        && (context.isCancelled() || parent.isCancelled());
  }

  private void failed(NotedException failure) {
    Throwable cause = failure.getCause();
    if (!collecting && !parent.isCancelled()) {
      context.cancel(cause);
    }
    Consumer<? super NotedException> handler;
    synchronized (this) {
      handler = onFailure;
      failures.add(failure, handler == null ? Failures.MAX_KEPT : 1);
      if (decisive == null && context.cause() == cause) {
        decisive = failure;
      }
    }
    NotedException inHandler = handler == null ? null : Failures.handle(handler, failure);
    if (inHandler != null) {
      synchronized (this) {
        failures.add(inHandler, Failures.MAX_KEPT);
      }
    }
  }

  private synchronized void interruptAll() {
    threads.forEach(Thread::interrupt);
    interrupted = true;
    notifyAll();
  }

  /**
   * Waits until every task has ended. The first event alone decides which exception it throws: the
   * failure of a task, or a cancellation. After it has returned or thrown, later forks are refused,
   * unless it was interrupted. It may be called again, and then reports the same.
   *
   * @throws ExecutionException if a task failed before the group was cancelled, or cancelled it by
   *     its failure. The cause is the first failure as it was thrown. Unless the group is {@link
   *     #collecting}, it is also the cause of the {@link #context()}. The site of its fork is
   *     suppressed, and so are the other failures, each as a {@link NotedException} with the site
   *     of its own fork
   * @throws CancellationException if the group was cancelled by its parent, by {@link #cancel} or
   *     by {@link #close}, with that cause, whatever its tasks then threw: their failures are
   *     suppressed
   * @throws InterruptedException if the thread is interrupted while it waits, and the group is not
   *     cancelled; the tasks go on. If the group is cancelled, that is thrown, the interrupt is
   *     kept, and {@link #close} waits for the tasks
   * @throws IllegalStateException if it is called by a task of the group: it would wait for itself
   */
  public void join() throws InterruptedException, ExecutionException {
    StackReserve.ensureOverContexts();
    Inside.refuse(this, "join() of a task group", "a task cannot join its own group");
    synchronized (this) {
      while (isBusy()) {
        try {
          wait();
        } catch (InterruptedException e) {
          if (!context.isCancelled() && !parent.isCancelled()) {
            throw e;
          }
          Thread.currentThread().interrupt();
          break;
        }
      }
      joined = true;
      throwOutcome();
    }
  }

  private void throwOutcome() throws ExecutionException {
    if (decisive != null && !collecting) {
      throw failures.toException(decisive);
    }
    if (!failures.isEmpty() && !context.isCancelled() && !parent.isCancelled()) {
      throw failures.toException();
    }
    try {
      context.throwIfCancelled();
      parent.throwIfCancelled();
    } catch (CancellationException e) {
      failures.kept().forEach(e::addSuppressed);
      throw e;
    }
  }

  /**
   * Cancels the group and waits until no task is alive, however long that takes. An interrupt does
   * not shorten the wait; it is kept for the caller.
   *
   * @throws IllegalStateException if it is called by a task of the group: it would wait for itself.
   *     The group is not cancelled then
   */
  @Override
  public void close() {
    StackReserve.ensureOverContexts();
    Inside.refuse(
        this, "close() of a task group", "a task that wants to end its group calls cancel(cause)");
    synchronized (this) {
      if (interruption.stop()) { // from here on it is done below
        interrupted = true;
      }
      closed = true;
    }
    context.cancel();
    synchronized (this) {
      threads.forEach(Thread::interrupt);
    }
    Uninterruptibly.await(this::awaitEnd);
  }

  private synchronized void awaitEnd() throws InterruptedException {
    while (isBusy() || !interrupted) {
      wait();
    }
  }
}
