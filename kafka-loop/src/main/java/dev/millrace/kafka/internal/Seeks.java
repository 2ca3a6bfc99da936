package dev.millrace.kafka.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.ObjLongConsumer;
import org.apache.kafka.common.TopicPartition;

/** Positions that the application wants, until the poll thread sets them. Safe for many threads. */
final class Seeks {

  private final ObjLongConsumer<TopicPartition> target;
  private List<FutureTask<Boolean>> waiting = new ArrayList<>();
  private boolean closed;

  Seeks(ObjLongConsumer<TopicPartition> target) {
    this.target = target;
  }

  /**
   * Waits until the poll thread has set the position.
   *
   * @throws IllegalStateException if the partition is not assigned, or the consumer is closed
   */
  void seek(TopicPartition name, long offset) throws InterruptedException {
    Objects.requireNonNull(name, "name");
    if (offset < 0) {
      throw new IllegalArgumentException("the offset is negative: " + offset);
    }
    var seek = new FutureTask<>(() -> target.accept(name, offset), true);
    synchronized (this) {
      if (closed) {
        seek.cancel(false);
      } else {
        waiting.add(seek);
      }
    }
    try {
      seek.get();
    } catch (CancellationException e) {
      throw new IllegalStateException("the consumer is closed", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "%s can not go on at offset %d: %s".formatted(name, offset, e.getCause()), e);
    }
  }

  /** Sets those that wait; for the poll thread. */
  void run() {
    take().forEach(FutureTask::run);
  }

  private synchronized List<FutureTask<Boolean>> take() {
    if (waiting.isEmpty()) {
      return List.of();
    }
    List<FutureTask<Boolean>> all = waiting;
    waiting = new ArrayList<>();
    return all;
  }

  /** Refuses those that wait, and all that come. */
  void close() {
    synchronized (this) {
      closed = true;
    }
    take().forEach(seek -> seek.cancel(false));
  }
}
