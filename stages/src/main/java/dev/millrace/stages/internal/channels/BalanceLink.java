package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.pool.SharedQueue;
import org.jspecify.annotations.Nullable;

/** A lane's end of the queue of a balance. Its elements are put there by {@link BalanceStep}. */
final class BalanceLink extends Link {

  private final SharedQueue queue;

  private final SharedQueue.Lane lane =
      new SharedQueue.Lane() {
        @Override
        protected void wake() {
          wakeConsumer();
        }
      };

  BalanceLink(
      SharedQueue queue, PipelineThread producer, PipelineThread consumer, Runnable onCancel) {
    super(producer, consumer, onCancel);
    this.queue = queue;
  }

  @Override
  boolean hasRoom() {
    return queue.hasRoom();
  }

  @Override
  void add(Object element) {
    queue.put(element);
  }

  @Override
  @Nullable Object poll() {
    Object element = queue.claim(lane);
    if (element != null && queue.isToWakeProducer(lane)) {
      madeRoom();
    }
    return element;
  }

  @Override
  boolean isEmpty() {
    return !queue.hasElement();
  }

  @Override
  boolean isReadyOrIdle() {
    return queue.isCalled(lane) || hasEnded();
  }

  @Override
  void hasLeft() {
    queue.withdraw(lane);
  }
}
