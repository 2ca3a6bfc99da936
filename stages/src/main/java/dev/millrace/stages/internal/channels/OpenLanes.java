package dev.millrace.stages.internal.channels;

import java.util.concurrent.atomic.AtomicInteger;

/** How many lanes of a fan-out still take elements. Run once for each lane that does not. */
final class OpenLanes implements Runnable {

  private final AtomicInteger open;
  private final PipelineThread producer;

  /** All lanes are open. When none is, the producer is stopped. */
  OpenLanes(int lanes, PipelineThread producer) {
    this.open = new AtomicInteger(lanes);
    this.producer = producer;
  }

  @Override
  public void run() {
    if (open.decrementAndGet() == 0) {
      producer.stop();
    }
  }

  boolean isEmpty() {
    return open.get() == 0;
  }
}
