package dev.millrace.testkit.chaos;

import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.testkit.chaos.Event.Kind;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** Logs the assignments of a worker. Leaves out retry topics. Thread-safe. */
final class FaceObserver implements ConsumerObserver {

  private final Worker worker;
  private final AtomicLong epochs = new AtomicLong();

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
  public void commitFailed(String group, Exception failure) {
    worker.log.say(Kind.SURVIVED, -1, -1, "a commit failed: " + failure);
  }
}
