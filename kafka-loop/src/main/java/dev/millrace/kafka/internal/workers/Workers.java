package dev.millrace.kafka.internal.workers;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.handling.Busy;
import dev.millrace.kafka.internal.handling.HandlerThreads;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.kafka.internal.handling.Priorities;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Gate;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
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
 * How many workers. It is not known in advance whether a handler blocks, so there are two ways to
 * hire.
 *
 * While handlers do not block, at most one worker is new and still searches for its first message.
 * If it finds a message and more messages are ready, it hires the next worker, and only then handles
 * its own message. The running workers take all messages before the next worker gets a carrier. So
 * there are hardly more workers than carriers. (Go's scheduler wakes its threads by the same rule.)
 *
 * If more workers have begun than carriers can run, some of them wait inside of their handlers. Then
 * a carrier is free for each new worker, and the search of one worker after the other would only
 * delay the records. So the thread that has made messages ready hands them out itself: it starts a
 * worker for each of them, up to the limit. A burst of records finds this out within a few workers.
 *
 * In both ways a worker takes another message after its first one, until there is none.
 *
 * No message is left behind. Writer: a thread that adds a message publishes it first, and reads
 * `searching` and the number of workers afterwards. Reader: a worker that finds no message clears
 * `searching`, or gives its place back, and only then looks again. A thread that hands out looks
 * again after it has given back places. So either the reader finds the message, or the writer sees
 * that no worker searches, and hires a worker. A worker that settles its message takes the next one
 * of the same partition, or wakes another worker for it.
 *
 * {@link Work} holds the records that wait for a worker; a {@link Turn} decides which one a worker
 * takes next.
 */
public final class Workers<K, V> implements Outlet, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

  /** A worker that never blocks leaves after this time, because others wait for its carrier. */
  private static final long LONG_NANOS = 10_000_000;

  /** A handler that takes less time is not worth a worker of its own, even if it blocks. */
  private static final long SHORT_NANOS = 20_000;

  /** A longer time counts as this time: a thread may just have lost its processor. */
  private static final long MOST_NANOS = 5 * SHORT_NANOS;

  /** Longest wait for a deserializer of another worker; then the record waits without a worker. */
  private static final Duration PATIENCE = Duration.ofMillis(20);

  private final Gate gate;
  private final Priorities priorities;
  private final HandlerThreads<K, V> threads;
  private volatile boolean stopped;
  private volatile Runnable onFailure = () -> {};
  private final Channel<Boolean> events = Channel.conflated();
  private final Work<K, V> work;
  private final LaterAttempts<K, V> later =
      new LaterAttempts<>(this::give, this::sendLetter, this::leftAPlace);

  private final AtomicBoolean searching = new AtomicBoolean();
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private volatile @Nullable Staff<K, V> staff;

  /** The number of searches so far. Written by the worker that searches. */
  private int searches;

  /** How often threads have asked to hand out, while one thread hands out; otherwise 0. */
  private final AtomicInteger handOuts = new AtomicInteger();

  /** The recent average time of a handler; 0 before the first one has ended. */
  private volatile long averageNanos;

  /** The group and the handling that the workers use. */
  private record Staff<K, V>(TaskGroup group, Handling<K, V> handling) {}

  /** For tests: workers without a limit but their number. */
  Workers(int concurrency) {
    this(Gate.of(concurrency), new Priorities(List.of()));
  }

  /**
   * No workers yet.
   *
   * @param gate decides when a worker may take something
   * @param priorities the order of the topics
   */
  public Workers(Gate gate, Priorities priorities) {
    this.gate = gate;
    this.priorities = priorities;
    this.threads = new HandlerThreads<>(gate::concurrency);
    this.work = new Work<>(gate, this::mayGive);
  }

  /** Takes messages from the partitions of a consumer. */
  public Outlet attach(Collection<Partition<K, V>> all, Pauses paused) {
    work.attach(all, paused);
    return this;
  }

  /** Starts to work, in threads of the group. The group must outlive this object. */
  public void begin(TaskGroup group, Handling<K, V> handling) {
    threads.begin(group);
    later.begin(group);
    staff = new Staff<>(group, handling);
    gate.onOpen(
        () -> {
          mayGive();
          wake();
        });
    wake();
  }

  /**
   * Receives a value when there is a {@link #failure}, when an attempt may be {@link #give given},
   * or when a worker has left.
   */
  public ReceiveChannel<Boolean> events() {
    return events;
  }

  /** The failure that stops the loop, with its record; null if the loop goes on. */
  public @Nullable Exception failure() {
    return failure.get();
  }

  /**
   * Sets the function to call when there is a {@link #failure}. To be called before {@link #begin}.
   * The function must not block.
   */
  public void onFailure(Runnable wake) {
    onFailure = wake;
  }

  /** Whether a worker is free for an attempt; {@link #events} signals changes. */
  public boolean mayTake() {
    return !work.isAnyDue() && mayHire();
  }

  /** Gives an attempt that has not begun. It goes before all messages of the partitions. */
  public void give(Attempt<K, V> attempt) {
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
    if (handlersBlock()) {
      if (mayHire() && handOuts.getAndIncrement() == 0) {
        handOutAll();
      }
      return;
    }
    while (mayHire() && !searching.get() && searching.compareAndSet(false, true)) {
      if (threads.reserve(1) == 1) {
        boolean _ = start(new Worker());
        return;
      }
      searching.set(false);
      if (!work.isAnyReady()) {
        return;
      } // a thread that left or added a message meanwhile saw `searching`, and hired no worker
    }
  }

  private boolean isStopped() {
    return stopped;
  }

  private boolean mayHire() {
    return !stopped && staff != null && threads.haveRoom();
  }

  /** Whether each ready message is worth a worker of its own. */
  private boolean handlersBlock() {
    return threads.areBlocked() && averageNanos > SHORT_NANOS && isFree();
  }

  /** Whether records may be taken without asking the gate and the priorities for each one. */
  private boolean isFree() {
    return gate.isFree() && priorities.isNone();
  }

  /** A handler has taken this time. Concurrent calls may lose one of their values. */
  private void took(long nanoseconds) {
    long average = averageNanos;
    averageNanos = average + (Math.min(nanoseconds, MOST_NANOS) - average) / 8;
  }

  /** Hands out records, again and again until no thread has asked for it meanwhile. */
  private void handOutAll() {
    int asked = 1;
    do {
      while (mayHire() && work.isAnyReady() && handOut()) {}
      asked = handOuts.addAndGet(-asked);
    } while (asked != 0);
  }

  /** Starts workers for ready attempts and messages. Returns whether there was a place. */
  private boolean handOut() {
    if (work.isAnyDue() && !handOutDue()) {
      return false;
    }
    for (Partition<K, V> partition : work.partitions()) {
      if (work.isReady(partition)) {
        int places = threads.reserve(Turn.WHILE);
        if (places == 0) {
          return false; // each worker looks again at its end
        }
        handOut(partition, places);
      }
    }
    return true;
  }

  /** Returns whether a place was free. */
  private boolean handOutDue() {
    if (threads.reserve(1) == 0) {
      return false;
    }
    Attempt<K, V> attempt = work.nextDue();
    if (attempt == null) {
      release(1);
    } else if (!start(new Worker(attempt, Turn.from(0, work, this::isStopped, this::wake)))) {
      attempt.abandon();
    }
    return true;
  }

  private void handOut(Partition<K, V> partition, int places) {
    List<Delivery<K, V>> taken = new ArrayList<>(places);
    release(places - partition.takeToHandle(places, taken::add));
    for (int i = 0; i < taken.size(); i++) {
      Turn<K, V> turn = Turn.in(partition, work, this::isStopped, this::wake);
      if (!start(new Worker(Attempt.first(taken.get(i)), turn))) {
        taken.subList(i, taken.size()).forEach(Delivery::abandon);
        release(taken.size() - i - 1);
        return;
      }
    }
  }

  private void release(int places) {
    threads.release(places);
    leftAPlace();
  }

  /** The loop may wait until no handler runs, and no dead letter is being sent. */
  private void leftAPlace() {
    if (stopped) {
      events.trySend(true);
    }
  }

  /**
   * Starts a thread in a reserved place. Returns whether it was started; if not, the loop fails.
   */
  private boolean start(Worker worker) {
    try {
      threads.start(worker);
      return true;
    } catch (Throwable e) { // there is no memory for a thread
      fail(new IllegalStateException("no thread for a handler could be started", e));
      return false;
    }
  }

  /** A worker: with a first attempt, or one that searches for it. */
  private final class Worker implements HandlerThreads.Job<K, V> {
    private final @Nullable Attempt<K, V> given;
    private final Turn<K, V> turn;
    private boolean foundNothing;

    Worker(Attempt<K, V> given, Turn<K, V> turn) {
      this.given = given;
      this.turn = turn;
    }

    Worker() {
      this.given = null;
      this.turn =
          priorities.isNone()
              ? Turn.from(searches++, work, Workers.this::isStopped, Workers.this::wake)
              : new PriorityTurn<>(work, priorities, Workers.this::isStopped, Workers.this::wake);
    }

    @Override
    public void run(Busy<K, V> busy) {
      Staff<K, V> known = Objects.requireNonNull(staff);
      Attempt<K, V> attempt = given == null ? search(turn) : begun(given);
      long since = Time.nanoTime();
      for (int handled = 1; attempt != null; handled++) {
        busy.with(attempt);
        if (attempt.prepare(PATIENCE)) {
          handle(known, attempt, handled == 1);
        }
        gate.left(attempt.first(), attempt.topic());
        busy.with(null);
        boolean isLong = handled % Turn.WHILE == 0 && Time.nanoTime() - since > LONG_NANOS;
        if (isLong || threads.size() > gate.concurrency()) {
          return;
        }
        attempt = othersFollow(attempt) ? null : turn.next();
      }
      foundNothing = true;
    }

    /**
     * Whether another thread starts a worker for each ready message, so that this one can leave.
     */
    private boolean othersFollow(Attempt<K, V> last) {
      return !last.hasLane() && handlersBlock() && mayHire();
    }

    /** The given attempt, or the next one if the given one must not begin any more. */
    private @Nullable Attempt<K, V> begun(Attempt<K, V> first) {
      if (!stopped && !first.isRevoked()) {
        return first;
      }
      first.abandon();
      return turn.next();
    }

    @Override
    public void ended(boolean wasFull) {
      if (stopped || !work.hasPartitions()) { // the loop waits for the end, or to give a batch
        events.trySend(true);
      }
      // A thread that adds a message hires a worker for it, unless there is no place.
      if (!stopped && (wasFull || !foundNothing) && work.isAnyReady()) {
        wake();
      }
    }
  }

  /**
   * The handlers that run now, each with the stack of its thread.
   *
   * @param name the consumer group, for people
   */
  public List<StuckHandlerException> running(String name) {
    return threads.running(name);
  }

  /** The first attempt of a new worker; null if no message is ready. */
  private @Nullable Attempt<K, V> search(Turn<K, V> turn) {
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

  private static <K, V> Handling.Outcome<K, V> run(Staff<K, V> known, Attempt<K, V> attempt) {
    try {
      return known.handling.run(attempt);
    } catch (Throwable e) { // thrown by application code that no setting covers
      return Handling.broken(attempt, e);
    }
  }

  private void handle(Staff<K, V> known, Attempt<K, V> attempt, boolean isMeasured) {
    long since = isMeasured ? Time.nanoTime() : 0;
    Handling.Outcome<K, V> outcome = run(known, attempt);
    if (isMeasured) {
      took(Time.nanoTime() - since);
    }
    see(attempt, outcome);
    Thread.interrupted(); // an interrupt of this handler must not reach the next one
    if (known.group.context().isCancelled()) {
      stop(); // the handler may have swallowed its interrupt
    }
  }

  private void see(Attempt<K, V> attempt, Handling.Outcome<K, V> outcome) {
    switch (outcome) {
      case Handling.Done<K, V> done -> done.release();
      case Handling.Again<K, V> again -> {
        attempt.abandon();
        again.release();
        later.add(again);
      }
      case Handling.Stop<K, V>(Exception cause) -> {
        fail(cause);
        attempt.abandon();
      }
      case Handling.Cancelled<K, V> cancelled -> attempt.abandon();
    }
  }

  private void sendLetter(Attempt<K, V> attempt) {
    see(attempt, run(Objects.requireNonNull(staff), attempt));
  }

  private void fail(Exception cause) {
    failure.compareAndSet(null, cause);
    stop();
    events.trySend(true);
    onFailure.run();
  }

  /** Lets no worker begin another message. */
  @Override
  public void stop() {
    stopped = true;
    later.stop();
  }

  /**
   * Waits until no worker works, at most for the timeout. A cancellation of the group ends the
   * wait.
   */
  public void await(Duration timeout) throws InterruptedException {
    stop();
    Staff<K, V> known = staff;
    if (known == null) {
      return;
    }
    long deadline = Time.nanoTime() + timeout.toNanos();
    var select =
        new Select<Boolean>()
            .onReceive(events, one -> true)
            .onDone(known.group.context(), () -> false);
    while (threads.size() + later.sending() > 0) {
      if (!select.onTimeout(Time.left(deadline), () -> false).select()) {
        LOG.warn(
            "{} handlers and {} dead letters are interrupted; their records will be redelivered",
            threads.size(),
            later.sending());
        return;
      }
    }
  }

  /** Like {@link #stop}, and lets no thread start. The group owns the running threads. */
  @Override
  public void close() {
    stop();
    later.close();
    threads.close();
  }

  @Override
  public boolean join(long deadline) {
    return true; // the group joins them
  }
}
