package dev.millrace.stages.reactor;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.graph.Account;
import dev.millrace.stages.internal.SinkRun;
import java.util.IdentityHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What becomes of elements that could not be processed: the thread that was to do it hands the
 * failure to whoever is to get it, so a slow one slows the stage. Each gets one at a time.
 *
 * <p>Safe for use by many threads.
 */
final class Failures {

  private final Execution execution;
  private final StageConsumer<? super Failure<?>> onFailure;
  private final IdentityHashMap<StageConsumer<? super Failure<?>>, ReentrantLock> locks =
      new IdentityHashMap<>();

  Failures(Execution execution, StageConsumer<? super Failure<?>> onFailure) {
    this.execution = execution;
    this.onFailure = onFailure;
  }

  /**
   * A function of the user has thrown this for an element.
   *
   * @param wanted whether the stage knows of somebody who still waits for what it makes; if nobody
   *     does, or the run is over, the function may have thrown because it was interrupted, and the
   *     element counts as not processed
   * @throws Stop if the stage is to stop; the element then has either failed, or was not processed
   */
  void thrown(Throwable cause, Origin origin, Object element, boolean wanted, Account account) {
    // When the sink has had its last element, all threads are interrupted, maybe before a stage is
    // told that nobody waits for it.
    boolean awaited = wanted && !execution.isOver();
    if (cause == Stop.STOP || !(cause instanceof Exception) || !awaited || execution.isStopped()) {
      execution.thrown(cause, awaited);
      throw Stop.STOP;
    }
    Failure<?> failure = Failure.of(origin.stage(), element, cause);
    FailurePolicy policy = origin.policy();
    if (policy.stops()) {
      failed(account, origin);
      execution.fail(cause, describe(failure));
      throw Stop.STOP;
    }
    StageConsumer<? super Failure<?>> letters = policy.deadLetters();
    hand(failure, letters == null ? onFailure : letters, origin, account);
  }

  private static String describe(Failure<?> failure) {
    try {
      return failure.toString();
    } catch (RuntimeException e) { // of the element
      return "stage '%s' failed: %s".formatted(failure.stage(), failure.cause());
    }
  }

  private static void failed(Account account, Origin origin) {
    for (int i = 0; i < origin.times(); i++) {
      account.failed();
    }
  }

  private void hand(
      Failure<?> failure,
      StageConsumer<? super Failure<?>> consumer,
      Origin origin,
      Account account) {
    ReentrantLock lock = lock(consumer);
    acquire(lock);
    try {
      if (execution.isStopped()) {
        throw Stop.STOP;
      }
      // That nobody wants the stage any more is no reason to interrupt this: the run goes on.
      execution
          .interrupts()
          .shielded(Interrupts.Reason.UNWANTED, () -> SinkRun.handle(consumer, failure));
    } catch (Throwable e) {
      if (e == Stop.STOP || (execution.isStopped() && e instanceof Exception)) {
        execution.thrown(e, true); // the failure was not handled: the element is not processed
        throw Stop.STOP;
      }
      failed(account, origin);
      boolean isCause = e instanceof ExecutionException && e.getCause() == failure.cause();
      execution.fail(isCause ? failure.cause() : e, isCause ? describe(failure) : e.toString());
      throw Stop.STOP;
    } finally {
      lock.unlock();
    }
    failed(account, origin);
  }

  private void acquire(ReentrantLock lock) {
    while (true) {
      try {
        lock.lockInterruptibly();
        return;
      } catch (InterruptedException e) {
        if (execution.isStopped()) {
          throw Stop.STOP;
        }
      }
    }
  }

  private ReentrantLock lock(StageConsumer<? super Failure<?>> consumer) {
    synchronized (locks) {
      return locks.computeIfAbsent(consumer, key -> new ReentrantLock());
    }
  }
}
