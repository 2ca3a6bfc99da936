package dev.millrace.kafka.internal.consumer;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * The positions that the application has requested, until the poll thread sets them. Thread-safe.
 */
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
    check(name, offset);
    var seek = new FutureTask<>(() -> target.accept(name, offset), true);
    if (!add(seek)) {
      seek.cancel(false);
    }
    try {
      seek.get();
    } catch (CancellationException e) {
      throw new IllegalStateException("the consumer is closed", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "%s cannot go on at offset %d: %s".formatted(name, offset, e.getCause()), e);
    }
  }

  /**
   * Like {@link #seek}, but does not wait.
   *
   * @param onFailure called by the poll thread if the position cannot be set
   * @throws IllegalStateException if the consumer is closed
   */
  void seekLater(TopicPartition name, long offset, Consumer<? super Exception> onFailure) {
    check(name, offset);
    var seek =
        new FutureTask<>(
            () -> {
              try {
                target.accept(name, offset);
              } catch (IllegalStateException e) {
                onFailure.accept(e);
              }
            },
            true);
    if (!add(seek)) {
      throw new IllegalStateException("the consumer is closed");
    }
  }

  private static void check(TopicPartition name, long offset) {
    Objects.requireNonNull(name, "name");
    if (offset < 0) {
      throw new IllegalArgumentException("the offset is negative: " + offset);
    }
  }

  private synchronized boolean add(FutureTask<Boolean> seek) {
    if (!closed) {
      waiting.add(seek);
    }
    return !closed;
  }

  /** Sets the requested positions. For the poll thread. */
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

  /** Refuses all waiting and all later requests. */
  void close() {
    synchronized (this) {
      closed = true;
    }
    take().forEach(seek -> seek.cancel(false));
  }
}
