package dev.millrace.testkit.soak;

import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** Plants a defect: in one run, or in all runs for a leak of memory. */
final class Plant {

  private static final int KEPT = 10_000;
  private static final int PATIENCE = 1_200;
  private static final int LITTLE_PATIENCE = 20;

  private final Defect defect;
  private final AtomicBoolean done = new AtomicBoolean();
  private final List<byte[]> kept = new ArrayList<>();

  Plant(Defect defect) {
    this.defect = defect;
  }

  /** The number of times that a soak checks for the end of a run, ten times a second. */
  int patience() {
    return defect == Defect.STUCK ? LITTLE_PATIENCE : PATIENCE;
  }

  /** The number of times that a soak checks for the end of threads, after all runs have ended. */
  int patienceWithThreads() {
    return defect == Defect.THREAD ? LITTLE_PATIENCE : PATIENCE;
  }

  /** Called in a function of a pipeline. */
  void call() {
    if (defect == Defect.STUCK && done.compareAndSet(false, true)) {
      while (done.get()) { // never ends
        LockSupport.parkNanos(1_000_000);
        var _ = Thread.interrupted();
      }
    }
  }

  /** The report of a run. */
  RunReport report(RunReport report) {
    switch (defect) {
      case LEDGER -> {
        if (done.compareAndSet(false, true)) {
          return broken(report);
        }
      }
      case THREAD -> {
        if (done.compareAndSet(false, true)) {
          Thread.ofVirtual().name("millrace left").start(Plant::waitForever);
        }
      }
      case HEAP -> {
        synchronized (kept) {
          kept.add(new byte[KEPT]);
        }
      }
      case NONE, RESULT, STUCK -> {}
    }
    return report;
  }

  private static void waitForever() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static RunReport broken(RunReport report) {
    List<StageReport> stages = new ArrayList<>(report.stages());
    StageReport last = stages.removeLast();
    stages.add(
        new StageReport(
            last.name(),
            last.received() + 1,
            last.processed(),
            last.failed(),
            last.dropped(),
            last.unprocessed(),
            last.inFlight(),
            last.running(),
            last.produced(),
            last.emitted(),
            last.undelivered(),
            last.queued(),
            last.waitedForInput(),
            last.waitedForOutput(),
            last.waitingForInput(),
            last.waitingForOutput()));
    return new RunReport(stages, report.elapsed(), report.done());
  }

  /** The result of a run that has come to its end. */
  @SuppressWarnings("unchecked") // the rest of a list is a list
  <R> R result(R result) {
    boolean loses =
        defect == Defect.RESULT
            && result instanceof List<?> list
            && !list.isEmpty()
            && done.compareAndSet(false, true);
    return loses ? (R) ((List<?>) result).subList(1, ((List<?>) result).size()) : result;
  }
}
