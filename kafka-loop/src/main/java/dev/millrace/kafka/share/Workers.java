package dev.millrace.kafka.share;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The virtual threads that handle the records of a share group, at most {@code concurrency}. A
 * record that waits for its next attempt, and a dead letter, occupy no worker. Thread-safe.
 */
/*
 * No record is left behind. A thread that adds a record publishes it first, and then reads 'working'.
 * A worker that finds no record decrements 'working' first, and then looks again. So either the
 * worker sees the record, or the adding thread sees a free place and starts a worker.
 */
final class Workers<K, V> {

  private static final Logger LOG = LoggerFactory.getLogger(ShareLoop.class);

  private final int concurrency;
  private final TaskGroup group;
  private final Handling<K, V> handling;
  private final Deque<HeldRecord<K, V>> ready = new ConcurrentLinkedDeque<>();

  /** The records whose first attempt has begun, and which are not finished. */
  private final Set<HeldRecord<K, V>> begun = ConcurrentHashMap.newKeySet();

  private final AtomicInteger working = new AtomicInteger();

  /** The number of letters that are being sent; letters that wait for a retry do not count. */
  private final AtomicInteger burying = new AtomicInteger();

  private final Channel<Boolean> events = Channel.conflated();
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private volatile boolean stopped;

  /** Whether the group may be closed, so that no thread may start. Guarded by this. */
  private boolean closed;

  Workers(int concurrency, TaskGroup group, Handling<K, V> handling) {
    this.concurrency = concurrency;
    this.group = group;
    this.handling = handling;
  }

  /** Receives a value when there is a {@link #failure}, and when a worker has left. */
  ReceiveChannel<Boolean> events() {
    return events;
  }

  /** The failure that stops the loop; null if the loop goes on. */
  @Nullable Exception failure() {
    return failure.get();
  }

  /** Adds a record; {@link #hire} starts workers for it. */
  void add(HeldRecord<K, V> held) {
    ready.addLast(held);
  }

  /** Starts workers for the records that wait; releases these records if the loop ends. */
  void hire() {
    if (stopped) {
      release();
    }
    while (!stopped && !ready.isEmpty()) {
      int now = working.get();
      if (now >= concurrency) {
        return;
      }
      if (working.compareAndSet(now, now + 1) && !fork(this::work)) {
        left();
        return;
      }
    }
  }

  /**
   * Other members get the records that did not begin at once, and not at the end of their locks.
   */
  private void release() {
    for (HeldRecord<K, V> next; (next = ready.pollFirst()) != null; ) {
      next.member.finished(next, AcknowledgeType.RELEASE);
    }
  }

  private synchronized boolean fork(Callable<?> task) {
    if (closed) {
      return false;
    }
    Task<?> forked = group.tryFork(task);
    return forked != null && forked.state() != Task.State.CANCELLED;
  }

  private @Nullable Void work() {
    try {
      for (HeldRecord<K, V> next; !stopped && (next = ready.pollFirst()) != null; ) {
        if (next.isLocked()) {
          handle(next);
        } else {
          late(next);
        }
      }
    } finally {
      left();
    }
    hire();
    return null;
  }

  private void late(HeldRecord<K, V> held) {
    begun.remove(held); // it may wait for another attempt
    held.member.mayBeLost(held);
  }

  private void left() {
    working.decrementAndGet();
    if (stopped) {
      events.trySend(true);
    }
  }

  private void handle(HeldRecord<K, V> held) {
    begun.add(held);
    held.share.inFlight(1);
    held.begin();
    Step step;
    try {
      step = handling.handle(held);
    } catch (Throwable e) { // thrown by application code that no setting covers
      step = broken(held, e);
    } finally {
      held.pause();
      held.share.inFlight(-1);
    }
    Thread.interrupted(); // an interrupt of this handler must not reach the next one
    if (group.context().isCancelled()) {
      stopped = true; // the handler may have swallowed its interrupt
    }
    see(held, step);
  }

  private static Step broken(HeldRecord<?, ?> held, Throwable e) {
    return new Step.Stop(
        RecordFailedException.last(held.raw(), "see to", held.attempts, "and the loop stops", e));
  }

  private void see(HeldRecord<K, V> held, Step step) {
    switch (step) {
      case Step.Finish finish -> {
        begun.remove(held);
        held.member.finished(held, finish.type());
      }
      case Step.Late late -> late(held);
      case Step.Again again -> later(held, again);
      case Step.Bury bury -> bury(held, bury);
      case Step.Stop(Exception cause) -> {
        begun.remove(held);
        failure.compareAndSet(null, cause);
        stopped = true;
        events.trySend(true);
      }
      case Step.Cancelled cancelled -> begun.remove(held);
    }
  }

  private void later(HeldRecord<K, V> held, Step.Again again) {
    fork(
        () -> {
          Time.sleep(again.delay());
          ready.addFirst(held);
          hire();
          return null;
        });
  }

  /** Sends a dead letter in a thread of its own, also while the handlers end. */
  private void bury(HeldRecord<K, V> held, Step.Bury bury) {
    boolean isNew = bury.delay().isZero();
    if (isNew) {
      burying.incrementAndGet();
    }
    boolean forked = (isNew || !stopped) && fork(() -> send(held, bury, isNew));
    if (isNew && !forked) {
      buried();
    }
  }

  private @Nullable Void send(HeldRecord<K, V> held, Step.Bury bury, boolean isNew)
      throws InterruptedException {
    if (!isNew) {
      Time.sleep(bury.delay());
      burying.incrementAndGet();
    }
    held.begin();
    try {
      see(held, send(held, bury));
    } finally {
      held.pause();
      buried();
    }
    return null;
  }

  private Step send(HeldRecord<K, V> held, Step.Bury bury) {
    try {
      return handling.bury(held, bury);
    } catch (Throwable e) {
      return broken(held, e);
    }
  }

  private void buried() {
    burying.decrementAndGet();
    if (stopped) {
      events.trySend(true);
    }
  }

  /** The unfinished record that began first; null if there is none. */
  @Nullable HeldRecord<K, V> oldest() {
    HeldRecord<K, V> oldest = null;
    for (HeldRecord<K, V> one : begun) {
      if (oldest == null || one.age() > oldest.age()) {
        oldest = one;
      }
    }
    return oldest;
  }

  /** The handlers that run now, each with the stack of its thread. */
  List<StuckHandlerException> running(String name) {
    return begun.stream().map(one -> one.stuck(name)).filter(Objects::nonNull).toList();
  }

  /** Whether no worker begins another record. */
  boolean isStopped() {
    return stopped;
  }

  /** Lets no worker begin another record. */
  void stop() {
    stopped = true;
  }

  /** Waits until no worker works, at most for the timeout. A cancellation ends the wait. */
  void await(Duration timeout) throws InterruptedException {
    stop();
    release();
    long deadline = Time.nanoTime() + timeout.toNanos();
    var select =
        new Select<Boolean>().onReceive(events, one -> true).onDone(group.context(), () -> false);
    while (working.get() + burying.get() > 0) {
      if (!select.onTimeout(Time.left(deadline), () -> false).select()) {
        LOG.warn(
            "{} handlers and {} dead letters are interrupted; their records will be delivered"
                + " again",
            working.get(),
            burying.get());
        return;
      }
    }
  }

  /** Like {@link #stop}, and lets no thread start. The group owns the running threads. */
  synchronized void close() {
    stop();
    closed = true;
  }
}
