package dev.millrace.kafka.share;

import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.TopicPartition;

/** The records that a loop holds of one partition. Other members share it. Thread-safe. */
final class Share {

  private final TopicPartition partition;
  private final AtomicInteger held = new AtomicInteger();
  private final AtomicInteger inFlight = new AtomicInteger();
  private volatile PartitionObserver observer = PartitionObserver.NONE;

  Share(TopicPartition partition) {
    this.partition = partition;
  }

  TopicPartition partition() {
    return partition;
  }

  /** Receives the events of the records. */
  PartitionObserver observer() {
    return observer;
  }

  void observer(PartitionObserver given) {
    observer = given;
  }

  void held(int change) {
    held.addAndGet(change);
  }

  void inFlight(int change) {
    inFlight.addAndGet(change);
  }

  /** The client of a share group knows no lag, and no partition is paused for itself. */
  PartitionStatus status() {
    int running = inFlight.get();
    int waiting = Math.max(0, held.get() - running);
    return new PartitionStatus(partition, OptionalLong.empty(), running, waiting, false, null);
  }
}
