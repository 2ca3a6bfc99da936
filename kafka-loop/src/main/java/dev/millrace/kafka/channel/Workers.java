package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.handling.Busy;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The virtual threads of a loop's handlers, {@code concurrency} at the most: each takes a message
 * from the partitions, handles it, and takes the next, until there is none.
 *
 * <p>A message that waits for its next attempt keeps no worker: it comes back when it is due. Dead
 * letters have threads of their own, and keep no worker either.
 */
/*
 * Nobody hands messages over, and nobody knows whether a handler will block. There are as many workers as
 * it takes: one that is new (at most one is at a time; it is "searching") and finds a message hires the
 * next, if there are more messages, before it handles its own. Where handlers block, that makes a
 * thread for each message, up to the limit, which the messages after them use again; but no more once a new one
 * has to wait for a carrier, since then those that are there keep all of them busy. Where they do not block, the
 * next worker waits for a carrier, and those that run have taken all when it gets one: there are hardly
 * more workers than carriers. (Go's scheduler wakes its threads by the same rule.)
 *
 * No message is left behind: a worker that finds none looks again after it has said that it is not
 * searching any more, or not there any more; who adds a message looks for one that searches after that.
 * Who settles one that it has taken takes the next of its partition, or wakes another one for it.
 *
 * Batches, and attempts that are due again, are given; they go before what is in the partitions.
 */
final class Workers<K, V> implements Outlet, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

  /** So many records of one partition make it no faster, and the others older. */
  private static final int WHILE = 64;

  /** A worker that never blocks leaves after so long, as others wait for its carrier. */
  private static final long LONG_NANOS = 10_000_000;

  /** A worker that waits longer than that for a carrier shows that there are enough of them. */
  private static final long SOON_NANOS = 500_000;

  /** Then the next one is not hired for so many times as long. */
  private static final int PAUSE = 4;

  /** Longest wait for a deserializer of another worker; then the record waits without a worker. */
  private static final Duration PATIENCE = Duration.ofMillis(20);

  /** But not for longer than that, since handlers may block by then. */
  private static final long LONGEST_PAUSE_NANOS = 10_000_000;

  private final int concurrency;

  /** Those that are there now, each by what it does. */
  private final Set<Busy<K, V>> present = ConcurrentHashMap.newKeySet();

  private final Channel<Boolean> events = Channel.conflated();
  private final Queue<Attempt<K, V>> due = new ConcurrentLinkedQueue<>();
  private final AtomicInteger working = new AtomicInteger();

  /** Dead letters that are on their way; those that wait for another attempt are not. */
  private final AtomicInteger burying = new AtomicInteger();

  private final AtomicBoolean searching = new AtomicBoolean();
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private volatile Collection<Partition<K, V>> partitions = List.of();
  private volatile Pauses pauses = new Pauses();
  private volatile @Nullable Staff<K, V> staff;
  private volatile boolean stopped;

  /** Whether the group may be closed. */
  private boolean closed;

  /** Whether somebody will wake a worker when no worker waits for a carrier any more. */
  private final AtomicBoolean waking = new AtomicBoolean();

  /** When the last worker was hired; by who searches, as {@link System#nanoTime}. */
  private volatile long hiredAt;

  /** How many workers there were; of the one that searches. */
  private int turns;

  /** No worker is hired before that {@link System#nanoTime}. */
  private volatile long crowdedUntil = System.nanoTime();

  /** What a worker needs, once it is there. */
  private record Staff<K, V>(TaskGroup group, Handling<K, V> handling) {}

  Workers(int concurrency) {
    this.concurrency = concurrency;
  }

  /** Works for that consumer. */
  Outlet attach(Collection<Partition<K, V>> all, Pauses paused) {
    partitions = all;
    pauses = paused;
    return this;
  }

  /** Begins to work, in threads of the group, which must outlive this. */
  void begin(TaskGroup group, Handling<K, V> handling) {
    staff = new Staff<>(group, handling);
    wake();
  }

  /** Says that there is a {@link #failure}, that one may be given, or that one has gone. */
  ReceiveChannel<Boolean> events() {
    return events;
  }

  /** Why the loop must stop, and at which record; null if it must not. */
  @Nullable Exception failure() {
    return failure.get();
  }

  /** Whether a worker is free for what is {@link #give given}; {@link #events} tells of changes. */
  boolean mayTake() {
    return due.isEmpty() && mayHire();
  }

  /** Gives an attempt that is not begun, before all that is in the partitions. */
  void give(Attempt<K, V> attempt) {
    due.add(attempt);
    wake();
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
      if (!isAnyReady()) {
        return;
      } // who has gone meanwhile, or come with a message, took this one for one that searches
    }
  }

  /** Whether another worker would only wait for a carrier; then somebody wakes one later. */
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

  /** For who has set {@link #searching}: the new worker has it then, if there is one. */
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
    var turn = new Turn();
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
        boolean isLong = handled % WHILE == 0 && System.nanoTime() - since > LONG_NANOS;
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
   * @param name of the consumer's group, for people
   */
  List<StuckHandlerException> running(String name) {
    return Busy.stuck(name, present);
  }

  private @Nullable Attempt<K, V> nextDue() {
    for (Attempt<K, V> given = due.poll(); given != null; given = due.poll()) {
      events.trySend(true); // another may be given
      Attempt<K, V> attempt = given.begin();
      if (!attempt.messages().isEmpty()) {
        return attempt;
      }
    }
    return null;
  }

  /** The first attempt of a worker; null if there is none. */
  private @Nullable Attempt<K, V> search(Turn turn) {
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
    if (attempt != null && isAnyReady()) {
      wake();
    }
    return attempt;
  }

  private void gone() {
    working.decrementAndGet();
    if (stopped || partitions.isEmpty()) { // somebody waits for the end, or to give the next one
      events.trySend(true);
    }
    if (!stopped && isAnyReady()) {
      wake();
    }
  }

  private boolean isAnyReady() {
    if (!due.isEmpty()) {
      return true;
    }
    for (Partition<K, V> partition : partitions) {
      if (partition.hasReady() && !pauses.contains(partition.name())) {
        return true;
      }
    }
    return false;
  }

  private static <K, V> Handling.Outcome<K, V> run(Staff<K, V> known, Attempt<K, V> attempt) {
    try {
      return known.handling.run(attempt);
    } catch (Throwable e) { // of a part of the application that has no rule of its own
      return Handling.broken(attempt, e);
    }
  }

  private void handle(Staff<K, V> known, Attempt<K, V> attempt) {
    see(known, attempt, run(known, attempt));
    Thread.interrupted(); // one of the handler's own is nothing to the next one
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
    if (closed || (stopped && !isNew)) { // what waits for another attempt comes again
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
    if (!stopped) { // the group may be closed after that
      known.group.tryFork(task);
    }
  }

  private void fail(Exception cause) {
    failure.compareAndSet(null, cause);
    stopped = true;
    events.trySend(true);
  }

  /** Lets nobody begin with another message. */
  @Override
  public synchronized void stop() {
    stopped = true;
  }

  /** Waits until none works, {@code timeout} at the most, and not if they are cancelled. */
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
            "{} handlers and {} dead letters are interrupted; their records come again",
            working.get(),
            burying.get());
        return;
      }
    }
  }

  /** As {@link #stop}; the threads belong to the group. */
  @Override
  public synchronized void close() {
    stop();
    closed = true;
  }

  @Override
  public boolean join(long deadline) {
    return true; // the group joins them
  }

  /** Where a worker takes messages from: one partition for a while, then the next. */
  private final class Turn {
    private Iterator<Partition<K, V>> rest = partitions.iterator();

    /** New workers begin with one partition after the other: they meet less at its lock. */
    private Turn() {
      Collection<?> all = partitions;
      int skip = Math.floorMod(turns++, Math.max(1, all.size()));
      while (skip-- > 0 && rest.hasNext()) {
        rest.next();
      }
    }

    private @Nullable Partition<K, V> current;
    private int taken;

    @Nullable Attempt<K, V> next() {
      if (stopped) {
        return null;
      }
      Attempt<K, V> retry = nextDue();
      if (retry != null) {
        if (isAnyReady()) {
          wake(); // also what has become ready by what this one has settled
        }
        return retry;
      }
      Delivery<K, V> delivery = stay();
      if (delivery == null) {
        delivery = move();
      }
      return delivery == null ? null : Attempt.first(delivery);
    }

    private @Nullable Delivery<K, V> stay() {
      Partition<K, V> partition = current;
      if (partition == null) {
        return null;
      }
      if (taken < WHILE) {
        return take(partition);
      }
      if (partition.hasReady()) {
        wake(); // this one may not come back for long
      }
      return null;
    }

    private @Nullable Delivery<K, V> move() {
      for (int i = 0; i < 2; i++) { // what is left of the partitions, then all of them
        while (rest.hasNext()) {
          Partition<K, V> partition = rest.next();
          Delivery<K, V> delivery = take(partition);
          if (delivery != null) {
            current = partition;
            taken = 1;
            return delivery;
          }
        }
        rest = partitions.iterator();
      }
      return null;
    }

    private @Nullable Delivery<K, V> take(Partition<K, V> partition) {
      if (pauses.contains(partition.name())) {
        return null;
      }
      Delivery<K, V> delivery = partition.takeToHandle();
      if (delivery != null) {
        taken++;
        if (delivery.leavesReady()) {
          wake();
        }
      }
      return delivery;
    }
  }
}
