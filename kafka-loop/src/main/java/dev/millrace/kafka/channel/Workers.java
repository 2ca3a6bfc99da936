package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.handling.Busy;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The virtual threads of a loop's handlers, at most {@code concurrency}. Each worker takes a
 * message from the partitions, handles it, and takes the next one, until there is none.
 *
 * <p>A message that waits for its next attempt occupies no worker: it comes back when it is due.
 * Dead letters have threads of their own, and occupy no worker either.
 */
/*
 * How many workers. No thread hands messages to the workers, and it is not known in advance whether
 * a handler blocks. So the number of workers grows by demand. At most one worker is new and still
 * searches for its first message. If it finds a message and more messages are ready, it hires the
 * next worker, and only then handles its own message.
 *
 * If handlers block, this makes one thread for each message, up to the limit. These threads handle
 * the later messages as well. Hiring pauses when a new worker has waited for a carrier: the present
 * workers then keep all carriers busy. If handlers do not block, the running workers have taken all
 * messages before the next worker gets a carrier. So there are hardly more workers than carriers.
 * (Go's scheduler wakes its threads by the same rule.)
 *
 * No message is left behind. Writer: a thread that adds a message publishes it first, and reads
 * `searching` and `working` afterwards. Reader: a worker that finds no message clears `searching`,
 * or decrements `working`, and only then looks again. So either the worker finds the message, or
 * the writer sees that no worker searches, and hires one. A worker that settles its message takes
 * the next one of the same partition, or wakes another worker for it.
 *
 * {@link Work} holds what waits for a worker; a {@link Turn} says what a worker takes next.
 */
final class Workers<K, V> implements Outlet, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

  /** A worker that never blocks leaves after this time, because others wait for its carrier. */
  private static final long LONG_NANOS = 10_000_000;

  /** A new worker that waits longer than this for a carrier shows that there are enough workers. */
  private static final long SOON_NANOS = 500_000;

  /** After a late start, hiring pauses for this multiple of the delay. */
  private static final int PAUSE = 4;

  /** The longest pause. Handlers may block by then, so more workers may be of use. */
  private static final long LONGEST_PAUSE_NANOS = 10_000_000;

  /** Longest wait for a deserializer of another worker; then the record waits without a worker. */
  private static final Duration PATIENCE = Duration.ofMillis(20);

  private final int concurrency;

  /** The present workers, each with the attempt that it handles. */
  private final Set<Busy<K, V>> present = ConcurrentHashMap.newKeySet();

  private final Channel<Boolean> events = Channel.conflated();
  private final Work<K, V> work = new Work<>(this::mayGive);
  private final AtomicInteger working = new AtomicInteger();

  /** The number of dead letters being sent; letters that wait for another attempt do not count. */
  private final AtomicInteger burying = new AtomicInteger();

  private final AtomicBoolean searching = new AtomicBoolean();
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private volatile @Nullable Staff<K, V> staff;
  private volatile boolean stopped;

  /** Whether no thread may be started any more, because the group may close. Guarded by this. */
  private boolean closed;

  /** Whether a task will wake a worker when the pause of hiring is over. */
  private final AtomicBoolean waking = new AtomicBoolean();

  /**
   * When the last worker was hired, as {@link System#nanoTime}. Written by the thread that holds
   * {@link #searching}.
   */
  private volatile long hiredAt;

  /** The number of workers so far. Used only by the worker that searches. */
  private int turns;

  /** No worker is hired before this time, as {@link System#nanoTime}. */
  private volatile long crowdedUntil = System.nanoTime();

  /** The group and the handling that the workers use. */
  private record Staff<K, V>(TaskGroup group, Handling<K, V> handling) {}

  Workers(int concurrency) {
    this.concurrency = concurrency;
  }

  /** Takes messages from the partitions of a consumer. */
  Outlet attach(Collection<Partition<K, V>> all, Pauses paused) {
    work.attach(all, paused);
    return this;
  }

  /** Starts to work, in threads of the group. The group must outlive this object. */
  void begin(TaskGroup group, Handling<K, V> handling) {
    staff = new Staff<>(group, handling);
    wake();
  }

  /**
   * Receives a value when there is a {@link #failure}, when an attempt may be {@link #give given},
   * or when a worker has left.
   */
  ReceiveChannel<Boolean> events() {
    return events;
  }

  /** The failure that stops the loop, with its record; null if the loop goes on. */
  @Nullable Exception failure() {
    return failure.get();
  }

  /** Whether a worker is free for an attempt; {@link #events} signals changes. */
  boolean mayTake() {
    return !work.isAnyDue() && mayHire();
  }

  /** Gives an attempt that has not begun. It goes before all messages of the partitions. */
  void give(Attempt<K, V> attempt) {
    work.give(attempt);
    wake();
  }

  private void mayGive() {
    events.trySend(true);
  }

  @Override
  public void start() {}

  @Override
  public void wake() {
    while (mayHire() && !isCrowded() && searching.compareAndSet(false, true)) {
      if (hire()) {
        return;
      }
      searching.set(false);
      if (!work.isAnyReady()) {
        return;
      } // a thread that left or added a message meanwhile saw `searching`, and hired no worker
    }
  }

  /** Whether another worker would only wait for a carrier; a task then wakes a worker later. */
  private boolean isCrowded() {
    long left = crowdedUntil - System.nanoTime();
    if (left <= 0) {
      return false;
    }
    Staff<K, V> known = staff;
    if (known != null && waking.compareAndSet(false, true)) {
      inGroup(
          known,
          () -> {
            Thread.sleep(Duration.ofNanos(left));
            waking.set(false);
            wake();
            return null;
          });
    }
    return true;
  }

  private boolean mayHire() {
    return !stopped && staff != null && working.get() < concurrency;
  }

  /**
   * Hires a worker; false if that is not possible. The caller has set {@link #searching}; if there
   * is a new worker, that worker clears it.
   */
  private synchronized boolean hire() {
    Staff<K, V> known = staff;
    if (known == null || !mayHire()) {
      return false;
    }
    working.incrementAndGet();
    hiredAt = System.nanoTime();
    Task<?> task = known.group.tryFork(() -> work(known));
    if (task == null || task.state() == Task.State.CANCELLED) {
      stopped = true;
      gone();
      return false;
    }
    return true;
  }

  private @Nullable Void work(Staff<K, V> known) {
    var turn = new Turn<>(work, turns++, () -> stopped, this::wake);
    var busy = new Busy<K, V>();
    present.add(busy);
    long since = System.nanoTime();
    try {
      Attempt<K, V> attempt = search(turn);
      for (int handled = 1; attempt != null; handled++) {
        busy.with(attempt);
        if (attempt.prepare(PATIENCE)) {
          handle(known, attempt);
        }
        busy.with(null);
        boolean isLong = handled % Turn.WHILE == 0 && System.nanoTime() - since > LONG_NANOS;
        attempt = isLong ? null : turn.next();
      }
    } finally {
      present.remove(busy);
      gone();
    }
    return null;
  }

  /**
   * The handlers that run now, each with the stack of its thread.
   *
   * @param name the consumer group, for people
   */
  List<StuckHandlerException> running(String name) {
    return Busy.stuck(name, present);
  }

  /** The first attempt of a new worker; null if no message is ready. */
  private @Nullable Attempt<K, V> search(Turn<K, V> turn) {
    long now = System.nanoTime();
    long waited = now - hiredAt;
    if (waited > SOON_NANOS) {
      crowdedUntil = now + Math.min(PAUSE * waited, LONGEST_PAUSE_NANOS);
    }
    Attempt<K, V> attempt = turn.next();
    searching.set(false);
    if (attempt == null) {
      attempt = turn.next();
    }
    if (attempt != null && work.isAnyReady()) {
      wake();
    }
    return attempt;
  }

  private void gone() {
    working.decrementAndGet();
    if (stopped || !work.hasPartitions()) { // the loop waits for the end, or to give a batch
      events.trySend(true);
    }
    if (!stopped && work.isAnyReady()) {
      wake();
    }
  }

  private static <K, V> Handling.Outcome<K, V> run(Staff<K, V> known, Attempt<K, V> attempt) {
    try {
      return known.handling.run(attempt);
    } catch (Throwable e) { // thrown by application code that no setting covers
      return Handling.broken(attempt, e);
    }
  }

  private void handle(Staff<K, V> known, Attempt<K, V> attempt) {
    see(known, attempt, run(known, attempt));
    Thread.interrupted(); // an interrupt of this handler must not reach the next one
    if (known.group.context().isCancelled()) {
      stopped = true; // the handler may have swallowed its interrupt
    }
  }

  private void see(Staff<K, V> known, Attempt<K, V> attempt, Handling.Outcome<K, V> outcome) {
    switch (outcome) {
      case Handling.Done<K, V> done -> done.release();
      case Handling.Again<K, V> again -> {
        attempt.abandon();
        again.release();
        if (again.next().letter() == null) {
          later(known, again);
        } else {
          bury(known, again);
        }
      }
      case Handling.Stop<K, V>(Exception cause) -> {
        fail(cause);
        attempt.abandon();
      }
      case Handling.Cancelled<K, V> cancelled -> attempt.abandon();
    }
  }

  /** Sends a dead letter in a thread of its own, also while the handlers end. */
  private synchronized void bury(Staff<K, V> known, Handling.Again<K, V> again) {
    boolean isNew = again.delay().isZero();
    if (closed || (stopped && !isNew)) { // a letter that waits for a retry will be redelivered
      return;
    }
    if (isNew) {
      burying.incrementAndGet();
    }
    Task<?> task =
        known.group.tryFork(
            () -> {
              if (!isNew) {
                Thread.sleep(again.delay());
                burying.incrementAndGet();
              }
              try {
                Attempt<K, V> attempt = again.next().begin();
                if (!attempt.messages().isEmpty()) {
                  see(known, attempt, run(known, attempt));
                }
              } finally {
                buried();
              }
              return null;
            });
    if (isNew && (task == null || task.state() == Task.State.CANCELLED)) {
      buried();
    }
  }

  private void buried() {
    burying.decrementAndGet();
    if (stopped) {
      events.trySend(true);
    }
  }

  private void later(Staff<K, V> known, Handling.Again<K, V> again) {
    inGroup(
        known,
        () -> {
          Thread.sleep(again.delay());
          give(again.next());
          return null;
        });
  }

  private synchronized void inGroup(Staff<K, V> known, Callable<?> task) {
    if (!stopped) { // afterwards the group may be closed
      known.group.tryFork(task);
    }
  }

  private void fail(Exception cause) {
    failure.compareAndSet(null, cause);
    stopped = true;
    events.trySend(true);
  }

  /** Lets no worker begin another message. */
  @Override
  public synchronized void stop() {
    stopped = true;
  }

  /**
   * Waits until no worker works, at most for the timeout. A cancellation of the group ends the
   * wait.
   */
  void await(Duration timeout) throws InterruptedException {
    stop();
    Staff<K, V> known = staff;
    if (known == null) {
      return;
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    var select =
        new Select<Boolean>()
            .onReceive(events, one -> true)
            .onDone(known.group.context(), () -> false);
    while (working.get() + burying.get() > 0) {
      if (!select.onTimeout(Ends.left(deadline), () -> false).select()) {
        LOG.warn(
            "{} handlers and {} dead letters are interrupted; their records will be redelivered",
            working.get(),
            burying.get());
        return;
      }
    }
  }

  /** As {@link #stop}, and lets no thread start. The group owns the running threads. */
  @Override
  public synchronized void close() {
    stop();
    closed = true;
  }

  @Override
  public boolean join(long deadline) {
    return true; // the group joins them
  }
}
