package dev.millrace.testkit.chaos;

import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.testkit.chaos.Event.Kind;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Logs the assignments and the failed commits of a worker. Leaves out retry topics. Thread-safe.
 */
final class FaceObserver implements ConsumerObserver {

  private final Worker worker;
  private final AtomicLong epochs = new AtomicLong();

  /** The time of the last answer to a commit, or of its failure. */
  private final AtomicLong answered = new AtomicLong(System.nanoTime());

  FaceObserver(Worker worker) {
    this.worker = worker;
  }

  @Override
  public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
    if (!worker.isInput(status.get().partition().topic())) {
      return PartitionObserver.NONE;
    }
    long epoch = epochs.incrementAndGet();
    int partition = status.get().partition().partition();
    worker.log.partition(Kind.ASSIGNED, partition, -1, epoch);
    return new PartitionObserver() {
      @Override
      public void released() {
        int begun = status.get().inFlight();
        worker.log.partition(Kind.RELEASED, partition, begun, epoch);
      }
    };
  }

  @Override
  public void committed(String group, Duration took) {
    answered.set(System.nanoTime());
  }

  @Override
  public void commitFailed(String group, Exception failure) {
    worker.log.say(Kind.COMMIT_FAILED, millisSinceAnswer(), -1, failure.toString());
  }

  private long millisSinceAnswer() {
    long now = System.nanoTime();
    return TimeUnit.NANOSECONDS.toMillis(now - answered.getAndSet(now));
  }
}
