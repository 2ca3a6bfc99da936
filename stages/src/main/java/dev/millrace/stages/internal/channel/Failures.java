package dev.millrace.stages.internal.channel;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.stages.internal.SinkRun;
import java.util.IdentityHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What becomes of the elements that fail: the failing thread itself hands the failure to whoever is
 * to get it, so that a slow one slows the stage down. Each gets one failure at a time.
 */
final class Failures {

  private final ChannelRun<?> run;
  private final StageConsumer<? super Failure<?>> onFailure;
  private final IdentityHashMap<StageConsumer<? super Failure<?>>, ReentrantLock> locks =
      new IdentityHashMap<>();

  Failures(ChannelRun<?> run, StageConsumer<? super Failure<?>> onFailure) {
    this.run = run;
    this.onFailure = onFailure;
  }

  /**
   * A function of the user has thrown this for an element, which is accounted for by the action.
   *
   * @throws Unwind if the strand is to end
   */
  void thrown(
      Strand strand,
      Runnable failed,
      String stage,
      FailurePolicy policy,
      Object element,
      Throwable cause) {
    if (!(cause instanceof Exception)) {
      throw run.stop(cause);
    }
    if (strand.isStopped()) { // then it is not the element's failure
      throw run.stopUnlessStopped(strand, cause);
    }
    Failure<?> failure = Failure.of(stage, element, cause);
    if (policy.stops()) {
      failed.run();
      throw run.stop(cause, failure.toString());
    }
    StageConsumer<? super Failure<?>> letters = policy.deadLetters();
    hand(strand, failed, failure, letters == null ? onFailure : letters);
  }

  private void hand(
      Strand strand,
      Runnable failed,
      Failure<?> failure,
      StageConsumer<? super Failure<?>> consumer) {
    ReentrantLock lock = lock(consumer);
    acquire(strand, lock);
    try {
      if (strand.isStopped()) {
        throw Unwind.INSTANCE;
      }
      strand.shielded(Strand.Shield.RUN, () -> SinkRun.handle(consumer, failure));
      failed.run();
    } catch (Unwind e) {
      throw e;
    } catch (ExecutionException e) {
      failed.run();
      boolean isCause = e.getCause() == failure.cause();
      throw isCause ? run.stop(failure.cause(), failure.toString()) : run.stop(e);
    } catch (Exception e) {
      if (run.isCancelled()) { // it was interrupted, and has not handled the failure
        throw run.stopUnlessStopped(strand, e);
      }
      failed.run();
      throw run.stop(e);
    } catch (Error e) {
      failed.run();
      throw run.stop(e);
    } finally {
      lock.unlock();
    }
  }

  private void acquire(Strand strand, ReentrantLock lock) {
    while (true) {
      try {
        lock.lockInterruptibly();
        return;
      } catch (InterruptedException e) {
        strand.check(); // or somebody has interrupted a thread that is not theirs
      }
    }
  }

  private ReentrantLock lock(StageConsumer<? super Failure<?>> consumer) {
    synchronized (locks) {
      return locks.computeIfAbsent(consumer, key -> new ReentrantLock());
    }
  }
}
