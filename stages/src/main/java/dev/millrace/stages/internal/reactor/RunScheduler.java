package dev.millrace.stages.internal.reactor;

import java.util.concurrent.Executor;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Scheduler;

/**
 * The threads of a run, for Reactor's operators. An operator that is cancelled disposes of its
 * worker. Elements that still come are then dropped with the task that would have given them.
 * Reactor's own scheduler over an executor refuses that task, and each refusal becomes an error in
 * the user's log.
 *
 * <p>Thread-safe, as the threads are.
 */
final class RunScheduler implements Scheduler {

  private final Executor threads;

  RunScheduler(Executor threads) {
    this.threads = threads;
  }

  @Override
  public Disposable schedule(Runnable task) {
    threads.execute(task);
    return Disposables.disposed();
  }

  @Override
  public Worker createWorker() {
    return new Dropping();
  }

  /** Of one operator, whose tasks look themselves whether they are still wanted. */
  private final class Dropping implements Worker {
    private volatile boolean disposed;

    @Override
    public Disposable schedule(Runnable task) {
      if (!disposed) {
        threads.execute(task);
      }
      return Disposables.disposed();
    }

    @Override
    public void dispose() {
      disposed = true;
    }

    @Override
    public boolean isDisposed() {
      return disposed;
    }
  }
}
