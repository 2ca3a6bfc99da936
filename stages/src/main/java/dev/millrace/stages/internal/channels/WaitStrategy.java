package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.pool.WorkerPool;
import java.util.function.BooleanSupplier;

/**
 * What one side of a link, or of a pool, does between finding that it has to wait and parking:
 * parking, and being woken by a thread on another processor, takes far longer than most elements.
 *
 * <p>Where each thread of the run can have a processor of its own it looks now and then whether the
 * other side has come. Not all the time: each look takes the other side's line of the cache away,
 * and finds one element. How often it looks is learnt: each success doubles it, each failure halves
 * it, down to none; then every 64th wait probes anew. In any case it lets others run twice; more of
 * that was not found to help. What was measured is in docs/benchmarks.
 *
 * <p>For one thread.
 */
final class WaitStrategy {

  private static final int MOST_LOOKS = 8;
  private static final int PROBE_EVERY = 64;

  /**
   * Between two looks: 3 µs where that was measured, in which the other side handles some dozens of
   * elements.
   */
  private static final int PAUSES = 128;

  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  private final PipelineThread.Threads threads;
  private final BooleanSupplier condition;
  private int looks = 1;
  private int waits;

  /**
   * For one side.
   *
   * @param condition whether it need not wait any more
   */
  WaitStrategy(PipelineThread.Threads threads, BooleanSupplier condition) {
    this.threads = threads;
    this.condition = condition;
  }

  /** Returns when the condition holds, or when it is time to park. */
  void await() {
    if (threads.count() <= PROCESSORS && spin()) {
      return;
    }
    for (int i = 0; i < WorkerPool.YIELDS && !condition.getAsBoolean(); i++) {
      Thread.yield();
    }
  }

  private boolean spin() {
    int times = looks;
    if (times == 0 && ++waits % PROBE_EVERY == 0) {
      times = 1;
    }
    for (int i = 0; i < times; i++) {
      for (int j = 0; j < PAUSES; j++) {
        Thread.onSpinWait();
      }
      if (condition.getAsBoolean()) {
        looks = Math.min(MOST_LOOKS, 2 * times);
        return true;
      }
    }
    looks = times / 2;
    return false;
  }
}
