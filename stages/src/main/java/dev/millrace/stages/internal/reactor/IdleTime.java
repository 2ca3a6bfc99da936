package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.ledger.Account;
import java.util.concurrent.Executor;

/**
 * An executor that notes how long a stage waits for elements: the time in which none of its tasks
 * runs. An operator of Reactor's gives the executor a task when an element comes to an empty queue.
 * The task ends when the queue is empty. So the clock is read where a thread is about to wait
 * anyway.
 *
 * <p>Thread-safe.
 */
final class IdleTime implements Executor {

  private final Executor threads;
  private final Account account; // guarded by this

  /** A task may begin before the task that has emptied the queue has ended; guarded by this. */
  private int running;

  /**
   * For one stage.
   *
   * @param account notes the waiting times, and nothing else
   */
  IdleTime(Executor threads, Account account) {
    this.threads = threads;
    this.account = account;
    account.waitsForInput();
  }

  @Override
  public void execute(Runnable task) {
    threads.execute(
        () -> {
          begin();
          try {
            task.run();
          } finally {
            end();
          }
        });
  }

  private synchronized void begin() {
    if (running++ == 0) {
      account.hasInput();
    }
  }

  private synchronized void end() {
    if (--running == 0) {
      account.waitsForInput();
    }
  }
}
