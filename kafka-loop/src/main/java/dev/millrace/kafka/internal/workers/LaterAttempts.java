package dev.millrace.kafka.internal.workers;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The attempts that occupy no worker: records that wait for their next attempt, and dead letters.
 * Each has a task of the group. Thread-safe; no method blocks.
 */
/*
 * The group may be closed after close(). So a task is forked under the lock, and only before that
 * call has returned. Dead letters are also sent while the loop waits for the running handlers.
 * Attempts and letters that would have to wait are not kept then: their records are redelivered.
 */
final class LaterAttempts<K, V> {

  private final Consumer<? super Attempt<K, V>> onDue;
  private final Consumer<? super Attempt<K, V>> sender;
  private final Runnable onSent;

  /** The number of dead letters being sent; letters that wait for another attempt do not count. */
  private final AtomicInteger sending = new AtomicInteger();

  // Guarded by this.
  private @Nullable TaskGroup group;
  private boolean stopped;
  private boolean closed;

  /**
   * No attempt yet.
   *
   * @param onDue receives an attempt that is due and has not begun; must not block
   * @param sender sends a dead letter; may block
   * @param onSent called when a dead letter was sent, or has failed; must not block
   */
  LaterAttempts(
      Consumer<? super Attempt<K, V>> onDue,
      Consumer<? super Attempt<K, V>> sender,
      Runnable onSent) {
    this.onDue = onDue;
    this.sender = sender;
    this.onSent = onSent;
  }

  /** Starts tasks in this group from now on. */
  synchronized void begin(TaskGroup tasks) {
    group = tasks;
  }

  /** Adds an attempt: it comes when it is due, or sends its dead letter. */
  void add(Handling.Again<K, V> again) {
    if (again.next().letter() == null) {
      give(again);
    } else {
      send(again);
    }
  }

  private synchronized void give(Handling.Again<K, V> again) {
    if (!stopped) {
      var _ =
          fork(
              () -> {
                Time.sleep(again.delay());
                onDue.accept(again.next());
                return null;
              });
    }
  }

  private synchronized void send(Handling.Again<K, V> again) {
    boolean isNew = again.delay().isZero();
    if (closed || (stopped && !isNew)) { // a letter that waits for a retry will be redelivered
      return;
    }
    if (isNew) {
      sending.incrementAndGet();
    }
    Task<?> task =
        fork(
            () -> {
              if (!isNew) {
                Time.sleep(again.delay());
                sending.incrementAndGet();
              }
              try {
                Attempt<K, V> attempt = again.next().begin();
                if (!attempt.messages().isEmpty()) {
                  sender.accept(attempt);
                }
              } finally {
                sent();
              }
              return null;
            });
    if (isNew && (task == null || task.state() == Task.State.CANCELLED)) {
      sent();
    }
  }

  private @Nullable Task<?> fork(Callable<?> task) {
    TaskGroup known = group;
    return known == null ? null : known.tryFork(task);
  }

  private void sent() {
    sending.decrementAndGet();
    onSent.run();
  }

  /** The number of dead letters being sent; letters that wait for another attempt do not count. */
  int sending() {
    return sending.get();
  }

  /** Keeps no attempt that would have to wait. */
  synchronized void stop() {
    stopped = true;
  }

  /** Starts no task any more. */
  synchronized void close() {
    stopped = true;
    closed = true;
  }
}
