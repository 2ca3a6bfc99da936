package dev.millrace.testkit.chaos;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A round of loops on Reactor. Half of the seeds have handlers that block, the others handlers that
 * return publishers.
 */
public class SimulatedReactorLoops extends SimulatedLoops {

  static {
    Schedulers.setFactory(new OfVirtualThreads());
  }

  /** Without a defect. */
  public SimulatedReactorLoops() {}

  /** With the defect of this name. */
  public SimulatedReactorLoops(String defect) {
    super(defect);
  }

  @Override
  SimulatedFace face(long seed) {
    return seed % 2 == 0 ? SimulatedFace.BLOCKING : SimulatedFace.REACTIVE;
  }

  /** No seed decides about platform threads. */
  private static final class OfVirtualThreads implements Schedulers.Factory {

    @Override
    public Scheduler newSingle(ThreadFactory threads) {
      ScheduledExecutorService one =
          Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("single").factory());
      return Schedulers.fromExecutorService(one);
    }

    @Override
    public Scheduler newParallel(int parallelism, ThreadFactory threads) {
      throw new UnsupportedOperationException("a shared scheduler belongs to no simulated process");
    }

    @Override
    public Scheduler newBoundedElastic(
        int threadCap, int queuedTaskCap, ThreadFactory threads, int ttlSeconds) {
      throw new UnsupportedOperationException("a shared scheduler belongs to no simulated process");
    }
  }
}
