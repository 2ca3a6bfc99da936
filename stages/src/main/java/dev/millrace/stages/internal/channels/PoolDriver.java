package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.pool.WorkerPool;
import dev.millrace.stages.internal.wait.WaitStrategy;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Takes the results of the workers of a parallel stage. */
final class PoolDriver extends Driver {

  private final WorkerPool pool;
  private final WaitStrategy untilReady;
  private final BooleanSupplier resultOrEnd;

  PoolDriver(PipelineThread thread, WorkerPool pool, List<ThreadBody> feeders, Step next) {
    super(thread, next, feeders);
    this.pool = pool;
    this.untilReady = thread.adaptive(pool::isReady);
    this.resultOrEnd = () -> !pool.awaitsResult();
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
    try {
      thread.awaitElement(untilReady, resultOrEnd);
    } finally {
      pool.hasResult();
      next.account.hasInput();
    }
  }

  @Override
  void release() {
    pool.finish();
  }
}
