package dev.millrace.kafka.internal.handling;

import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.sync.TaskGroup;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The virtual threads that call the handlers of a loop, at most a given number. A caller reserves
 * places, and starts a thread for each of them. The threads belong to a group: the group interrupts
 * them when it is cancelled, and waits for their end when it is closed. Thread-safe; no method
 * blocks.
 */
/*
 * A task of the group for each thread would cost more than the handling of a record. The group has
 * a lock, and a task has the stack trace of its start. So one task of the group, the keeper, stands
 * for all threads: it ends after them.
 *
 * 'counts' has the number of places in its upper half, and the number of threads that have begun in
 * its lower half. A caller that reserves a place increments first, and reads 'closed' afterwards. A
 * thread that closes sets 'closed' first, and the keeper reads the counts afterwards. So no thread
 * starts that the keeper does not wait for. A thread that begins registers first, and reads
 * 'cancelled' afterwards; the canceller sets 'cancelled' first, and then interrupts the registered
 * threads. So no thread misses its interrupt.
 */
public final class HandlerThreads<K, V> {

  /** The work of a thread. */
  public interface Job<K, V> {

    /** Handles records; tells {@code busy} which. */
    void run(Busy<K, V> busy);

    /**
     * The place of the thread is free again. Called last, also if {@link #run} has thrown.
     *
     * @param wasFull whether no other place was free until now
     */
    void ended(boolean wasFull);
  }

  private static final long PLACE = 1L << 32;

  /** The number of virtual threads that can run at the same time. */
  private static final int CARRIERS =
      Integer.getInteger(
          "jdk.virtualThreadScheduler.parallelism", Runtime.getRuntime().availableProcessors());

  /**
   * More begun threads than this prove that handlers block. A thread that has begun and does not
   * run waits for something. That may also be a lock of this library, so the limit is twice the
   * number of carriers, and two.
   */
  private static final int MOST_RUNNING = 2 * CARRIERS + 2;

  private final IntSupplier most;
  private final AtomicLong counts = new AtomicLong();
  private final Set<Busy<K, V>> present = ConcurrentHashMap.newKeySet();
  private final ThreadFactory threads = Thread.ofVirtual().name("millrace-task").factory();
  private volatile Context context = Context.background();
  private volatile @Nullable Thread keeper;
  private volatile boolean closed;
  private volatile boolean cancelled;

  /**
   * No thread yet.
   *
   * @param most the largest number of threads, which may change
   */
  public HandlerThreads(IntSupplier most) {
    this.most = most;
  }

  /** The threads belong to this group, and run in its context. To be called before they start. */
  public void begin(TaskGroup group) {
    context = group.context();
    var registration = CancelSource.listen(context, this::cancel);
    var _ =
        group.tryFork(
            () -> {
              awaitEnd();
              registration.stop();
              return null;
            });
  }

  private void cancel() {
    close();
    cancelled = true;
    present.forEach(Busy::interrupt);
  }

  /** The keeper's interrupt has the same cause as the interrupt of the threads. */
  private void awaitEnd() {
    keeper = Thread.currentThread();
    while (!closed || counts.get() != 0) {
      LockSupport.park(this);
      boolean _ = Thread.interrupted();
    }
  }

  /** Gives no more places. The present threads go on. */
  public void close() {
    closed = true;
    LockSupport.unpark(keeper);
  }

  /**
   * Reserves places for threads. Returns their number, at most the wanted one; 0 if none is free.
   */
  public int reserve(int wanted) {
    while (true) {
      long now = counts.get();
      int places = Math.min(wanted, most.getAsInt() - placesIn(now));
      if (places <= 0 || closed) {
        return 0;
      }
      if (counts.compareAndSet(now, now + places * PLACE)) {
        if (closed) { // the keeper may have ended
          release(places);
          return 0;
        }
        return places;
      }
    }
  }

  /** Gives back reserved places. */
  public void release(int places) {
    if (places > 0 && counts.addAndGet(-places * PLACE) == 0 && closed) {
      LockSupport.unpark(keeper);
    }
  }

  /** Starts a thread in a reserved place. If that fails, the place is free again. */
  public void start(Job<K, V> job) {
    boolean started = false;
    try {
      threads.newThread(() -> run(job)).start();
      started = true;
    } finally {
      if (!started) {
        release(1);
      }
    }
  }

  private void run(Job<K, V> job) {
    counts.incrementAndGet();
    var busy = new Busy<K, V>();
    present.add(busy);
    if (cancelled) {
      busy.interrupt();
    }
    try {
      context.run(() -> job.run(busy));
    } finally {
      present.remove(busy);
      boolean wasFull = placesIn(counts.getAndAdd(-PLACE)) >= most.getAsInt();
      try {
        job.ended(wasFull);
      } finally {
        if (counts.decrementAndGet() == 0 && closed) {
          LockSupport.unpark(keeper);
        }
      }
    }
  }

  /** The number of places that are taken. */
  public int size() {
    return placesIn(counts.get());
  }

  private static int placesIn(long counts) {
    return (int) (counts >>> 32);
  }

  /** Whether a place is free. */
  public boolean haveRoom() {
    return size() < most.getAsInt() && !closed;
  }

  /** Whether handlers block: more threads have begun than can run at the same time. */
  public boolean areBlocked() {
    return (int) counts.get() > MOST_RUNNING;
  }

  /**
   * The handlers that run now, each with the stack of its thread.
   *
   * @param group the consumer group, for people
   */
  public List<StuckHandlerException> running(String group) {
    return Busy.stuck(group, present);
  }
}
