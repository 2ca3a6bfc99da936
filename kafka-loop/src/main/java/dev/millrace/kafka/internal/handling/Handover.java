package dev.millrace.kafka.internal.handling;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.internal.partition.Delivery;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets another thread go on with a loop while the loop's thread is in a slow deserializer.
 *
 * <p>A loop takes records of all partitions, one after the other, and deserializes each record. One
 * thread at a time runs the loop: the runner. {@link #prepare} is for the runner, {@link #look} is
 * for the poll thread, all other methods are thread-safe.
 */
/*
 * Most deserializers take less than a microsecond, so a change of threads for each record would
 * cost more than the record. Therefore the runner calls the deserializer itself, and marks the call
 * in 'state'. The poll thread looks at 'state' at least every 100 ms. If it sees the same call
 * again after SLOW, it takes the loop away from the runner and starts a new thread for the loop.
 * When the call of the old thread returns, that thread gives the record back and ends. The record
 * is deserialized by then and is the first of its lane again. The thread that takes it next finds
 * the result.
 *
 * 'state' counts: it is odd while the runner is in a call. The runner writes it, with two
 * exceptions: the poll thread ends a call by a compare-and-set, and only one of them can succeed.
 * So either the runner leaves its call as the runner, or it has been replaced and knows it. All
 * writes of the old runner before the call happen before all reads of the new runner. The old
 * runner writes 'state' after them, and the poll thread reads 'state' before it starts the new
 * runner.
 *
 * Until the call returns, no record is taken from its partition. So the order within the partition
 * is kept, and at most one thread for each partition is in a slow call.
 */
public final class Handover<K, V> {

  private static final Logger LOG = LoggerFactory.getLogger(Handover.class);

  /**
   * How long a deserializer may hold up the other partitions. A hundred times the cost of a
   * thread's start on a busy machine, and less than people notice.
   */
  private static final Duration SLOW = Duration.ofMillis(20);

  /** Thrown in a thread that does not run the loop any more. The thread must end. */
  public static final class HandedOver extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private HandedOver() {
      super("another thread runs the loop", null, false, false);
    }
  }

  /** A thread that is in a slow call. */
  private record Call<K, V>(Thread thread, Delivery<K, V> delivery) {}

  private final Consumer<Runnable> threads;
  private final AtomicLong state = new AtomicLong();
  private final Set<Call<K, V>> slow = ConcurrentHashMap.newKeySet();

  /**
   * The record that the runner deserializes. The runner writes this field and its thread before
   * 'state'; the poll thread reads 'state' first.
   */
  private @Nullable Delivery<K, V> delivery;

  private @Nullable Thread runner;

  private @Nullable Runnable loop;

  /** The call that the poll thread saw last, and when it saw it first. */
  private long seen;

  private long seenAt;

  /**
   * A handover for a loop that does not run yet.
   *
   * @param threads runs a task in a new thread; ignores it at the end of the loop
   */
  public Handover(Consumer<Runnable> threads) {
    this.threads = threads;
  }

  /**
   * Runs the loop in this thread, until it has ended, or another thread runs it.
   *
   * @param given goes on with the loop, from any state; returns when the loop has ended
   */
  public void run(Runnable given) {
    runner = Thread.currentThread();
    loop = given;
    try {
      given.run();
    } catch (HandedOver e) {
      LOG.debug("a slow deserializer has returned");
    }
  }

  /**
   * Deserializes the record; for the thread in {@link #run}.
   *
   * @return whether it succeeded; if not, {@link Delivery#record} throws the failure
   * @throws HandedOver if another thread runs the loop now; callers must let it pass
   */
  public boolean prepare(Delivery<K, V> next) {
    if (next.isPrepared()) {
      return next.prepare();
    }
    delivery = next;
    long call = state.getPlain() + 1;
    state.set(call);
    boolean succeeds = next.prepare();
    if (state.compareAndSet(call, call + 1)) {
      return succeeds;
    }
    synchronized (this) { // look() may not have returned yet
      slow.removeIf(one -> one.thread == Thread.currentThread());
    }
    next.returned();
    throw new HandedOver();
  }

  /** Starts another thread if the runner is in a slow call; for the poll thread. */
  public void look() {
    long now = state.get();
    if ((now & 1) == 0) {
      return;
    }
    long time = Time.nanoTime();
    if (now != seen) {
      seen = now;
      seenAt = time;
    } else if (time - seenAt > SLOW.toNanos()) {
      replace(now);
    }
  }

  private void replace(long call) {
    Runnable next = Objects.requireNonNull(loop);
    synchronized (this) {
      Delivery<K, V> late = Objects.requireNonNull(delivery);
      Thread thread = Objects.requireNonNull(runner);
      if (!state.compareAndSet(call, call + 1)) {
        return; // the call has returned
      }
      late.isLate();
      slow.add(new Call<>(thread, late));
    }
    threads.accept(() -> run(next));
  }

  /** The threads that are in slow calls now. */
  public List<Thread> threads() {
    return slow.stream().map(Call::thread).toList();
  }

  /**
   * The slow calls that go on now, each with the stack of its thread.
   *
   * @param group of the consumer, for people
   */
  public List<StuckHandlerException> running(String group) {
    return slow.stream()
        .map(
            call -> {
              var raw = call.delivery.raw();
              var name = new TopicPartition(raw.topic(), raw.partition());
              return new StuckHandlerException(group, name, raw.offset(), call.thread);
            })
        .toList();
  }
}
