package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.pool.WorkerPool;
import java.util.List;

/** Takes the results of the workers of a parallel stage. */
final class PoolDriver extends Driver {

  private final WorkerPool pool;
  private final WaitStrategy patience;

  PoolDriver(PipelineThread thread, WorkerPool pool, List<ThreadBody> feeders, Step next) {
    super(thread, next, feeders);
    this.pool = pool;
    this.patience = new WaitStrategy(thread.threads, pool::isReady);
  }

  @Override
  void drive() {
    while (!next.done) {
      Object result = pool.poll();
      if (result != null) {
        thread.check();
        next.take(result);
      } else if (pool.isExhausted()) {
        return;
      } else {
        await();
      }
    }
  }

  private void await() {
    next.account.waitsForInput();
    patience.await();
    try {
      while (true) {
        thread.awaitsElement = true;
        if (!pool.awaitsResult()) {
          return;
        }
        thread.parkForElement();
      }
    } finally {
      thread.awaitsElement = false;
      pool.hasResult();
      next.account.hasInput();
    }
  }

  @Override
  void release() {
    pool.finish();
  }
}
