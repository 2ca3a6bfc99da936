package dev.millrace.testkit.conformance;

import dev.millrace.errors.Descriptions;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.ledger.Account;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The way of failed elements to their handler, in a run of the reference engine: one failure at a
 * time.
 */
final class FailedElements {

  private final ReferenceRun<?> run;
  private final StageConsumer<? super Failure<?>> onFailure;
  private final ReentrantLock handling = new ReentrantLock();
  private int failures; // guarded by the lock, unless a defect does without it

  FailedElements(ReferenceRun<?> run, StageConsumer<? super Failure<?>> onFailure) {
    this.run = run;
    this.onFailure = onFailure;
  }

  /** A function of the user has thrown this for an element. */
  void failed(
      Worker worker,
      Account account,
      int times,
      String stage,
      FailurePolicy policy,
      Object element,
      Throwable cause) {
    worker.endCall();
    if (cause instanceof Stopped stopped) {
      throw stopped;
    }
    Failure<?> letter = Failure.of(stage, element, cause);
    if (worker.isStopped()
        && ReferenceRun.isInterruption(cause)
        && !run.has(Defect.TAKES_INTERRUPTS_FOR_FAILURES)) {
      throw new Stopped();
    }
    if (run.context.isCancelled() && run.has(Defect.SWALLOWS_WHAT_IS_THROWN_WHILE_CANCELLING)) {
      throw new Stopped();
    }
    if ((run.context.isCancelled() && !run.has(Defect.TAKES_INTERRUPTS_FOR_FAILURES))
        || (!policy.takes(cause) && !run.has(Defect.SWALLOWS_ERRORS))) {
      throw run.failed(cause, letter.toString());
    }
    synchronized (account) {
      for (int i = 0; i < times; i++) {
        account.failed();
      }
    }
    if (!policy.takes(cause)) {
      return;
    }
    if (policy.stops()) {
      throw run.failed(letter.cause(), letter.toString());
    }
    StageConsumer<? super Failure<?>> letters = policy.deadLetters();
    worker.beginHandling(run.context.isCancelled());
    try {
      hand(letter, letters == null ? onFailure : letters);
    } finally {
      worker.endHandling();
    }
  }

  private void hand(Failure<?> letter, StageConsumer<? super Failure<?>> handler) {
    if (run.has(Defect.CALLS_A_HANDLER_THAT_HAS_THROWN)) {
      handling.lock();
    } else if (!run.has(Defect.HANDLES_FAILURES_AT_THE_SAME_TIME)) {
      try {
        handling.lockInterruptibly();
      } catch (InterruptedException e) {
        throw run.failed(letter.cause(), letter.toString());
      }
    }
    try {
      if (run.context.isCancelled() && !run.has(Defect.CALLS_A_HANDLER_THAT_HAS_THROWN)) {
        throw run.failed(letter.cause(), letter.toString());
      }
      failures++;
      while (failures == 1
          && run.has(Defect.CALLS_A_HANDLER_THAT_HAS_THROWN)
          && !handling.hasQueuedThreads()) {
        Thread.yield(); // until another call waits for the end of this one
      }
      if (failures > 256 && run.has(Defect.STALLS_AFTER_256_FAILURES)) {
        ReferenceRun.await(new Object(), Long.MAX_VALUE);
      }
      if (failures % 3 != 0 || !run.has(Defect.LOSES_FAILURES)) {
        handler.accept(letter);
      }
    } catch (Stopped e) {
      throw e;
    } catch (Throwable e) {
      if (e instanceof ExecutionException && e.getCause() == letter.cause()) {
        run.fail(letter.cause(), letter.toString());
        throw new Stopped();
      }
      if (!(run.context.isCancelled() && ReferenceRun.isInterruption(e))) {
        run.fail(
            e,
            "the failure handler threw %s while it handled: %s"
                .formatted(Descriptions.ofCause(e), letter));
      }
      if (run.has(Defect.SWALLOWS_WHAT_THE_FUNCTION_THREW)) {
        throw new Stopped();
      }
      throw run.failed(letter.cause(), letter.toString());
    } finally {
      if (handling.isHeldByCurrentThread()) {
        handling.unlock();
      }
    }
  }
}
