package dev.millrace.testkit.chaos.simulation;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * A broker in memory, for consumers and producers in threads of a simulation: topics, groups,
 * transactions, and a network that is slow, loses requests, and loses answers. Its random choices
 * come from one seed.
 *
 * <p>For threads of one simulation only. No thread is switched inside of it, because it has neither
 * locks nor volatile fields. So each request takes effect at one moment: the moment at which it
 * arrives.
 */
public final class SimulatedBroker {

  /** A request, its time of arrival, and the time of its answer. */
  static final class Request<T> implements Comparable<Request<?>> {
    final long due;
    final long answerAt;
    private final long number;
    private final Supplier<T> action;
    private final boolean isRefused;
    @Nullable T result;
    @Nullable RuntimeException failure;
    boolean done;

    private Request(long due, long answerAt, long number, boolean isRefused, Supplier<T> action) {
      this.due = due;
      this.answerAt = answerAt;
      this.number = number;
      this.isRefused = isRefused;
      this.action = action;
    }

    private void run() {
      done = true;
      try {
        if (isRefused) {
          throw new CoordinatorNotAvailableException("the coordinator moves");
        }
        result = action.get();
      } catch (RuntimeException e) {
        failure = e;
      }
    }

    boolean isAnswered(long now) {
      return done && now >= answerAt;
    }

    @Override
    public int compareTo(Request<?> other) {
      int byTime = Long.compare(due, other.due);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private static final long NEVER = Long.MAX_VALUE;
  private static final long RETRY = Duration.ofMillis(50).toNanos();
  private static final int GAPS = 25;

  private final SplittableRandom random;
  private final Map<TopicPartition, SimulatedLog> logs = new LinkedHashMap<>();
  private final List<TopicPartition> inputs = new ArrayList<>();
  private final SimulatedGroup group;
  private final Map<String, SimulatedTransaction.Id> transactions = new LinkedHashMap<>();
  private final PriorityQueue<Request<?>> requests = new PriorityQueue<>();
  private final Set<Thread> pollers = new LinkedHashSet<>();
  private final Consumer<Map<TopicPartition, OffsetAndMetadata>> onCommit;
  private long clock;
  private long downUntil;
  private long numbers;
  private double lossRate;
  private double refusalRate;

  /**
   * A broker without topics.
   *
   * @param protocol the name of a rebalance protocol: eager, cooperative, consumer
   * @param onCommit called with each commit when it takes effect
   */
  public SimulatedBroker(
      long seed, String protocol, Consumer<Map<TopicPartition, OffsetAndMetadata>> onCommit) {
    this.random = new SplittableRandom(seed);
    this.group = new SimulatedGroup(this, SimulatedGroup.Kind.valueOf(protocol));
    this.onCommit = onCommit;
  }

  /** Makes a topic; the group consumes it if it is an input. */
  public void create(String topic, int partitions, boolean isInput) {
    for (int i = 0; i < partitions; i++) {
      var name = new TopicPartition(topic, i);
      logs.put(name, new SimulatedLog(name));
      if (isInput) {
        inputs.add(name);
      }
    }
  }

  /** Adds a partition to a topic that the group consumes. The group rebalances. */
  public void create(String topic, int partition) {
    settle();
    var name = new TopicPartition(topic, partition);
    logs.put(name, new SimulatedLog(name));
    inputs.add(name);
    group.changed(clock);
  }

  List<TopicPartition> inputs() {
    return inputs;
  }

  Set<TopicPartition> partitions() {
    return logs.keySet();
  }

  SimulatedGroup group() {
    return group;
  }

  SimulatedLog log(TopicPartition name) {
    SimulatedLog log = logs.get(name);
    if (log == null) {
      throw new UnknownTopicOrPartitionException("there is no " + name);
    }
    return log;
  }

  /** Appends a record, at once; now and then behind a gap of offsets. Returns its offset. */
  public long append(TopicPartition name, byte[] key, byte[] value) {
    settle();
    SimulatedLog log = log(name);
    if (random.nextInt(GAPS) == 0) {
      log.gap(1 + random.nextInt(3));
    }
    long offset = log.append(key, value, new RecordHeaders(), Time.currentTimeMillis(), null);
    wakePollers();
    return offset;
  }

  /** Appends records in a transaction that is aborted, so that readers see a gap. */
  public void appendAborted(TopicPartition name, List<byte[]> values) {
    settle();
    SimulatedLog log = log(name);
    var aborted = new SimulatedTransaction(NEVER);
    for (byte[] value : values) {
      log.append(new byte[0], value, new RecordHeaders(), 0, aborted);
    }
    aborted.end(false);
    wakePollers();
  }

  /** Appends a record in a transaction that stays open until it is aborted by the result. */
  public Runnable hang(TopicPartition name, byte[] value) {
    settle();
    var open = new SimulatedTransaction(NEVER);
    log(name).append(new byte[0], value, new RecordHeaders(), 0, open);
    return () -> {
      open.end(false);
      wakePollers();
    };
  }

  /** The committed records of a partition that are there. */
  public void readCommitted(
      TopicPartition name, BiConsumer<Long, ConsumerRecord<byte[], byte[]>> sink) {
    settle();
    SimulatedLog log = log(name);
    log.read(log.start(), Integer.MAX_VALUE, true, sink);
  }

  /** The end of a partition, for readers of committed records. */
  public long end(TopicPartition name) {
    return log(name).end(true);
  }

  /** Whether readers of committed records wait for the end of a transaction. */
  public boolean hasOpenTransaction() {
    settle();
    return logs.values().stream().anyMatch(log -> log.end(true) < log.end(false));
  }

  /** Whether there is a committed offset. */
  public boolean hasCommitted(TopicPartition name) {
    settle();
    return group.committed(name) != null;
  }

  /** The committed offset; 0 if there is none. */
  public long committed(TopicPartition name) {
    settle();
    OffsetAndMetadata known = group.committed(name);
    return known == null ? 0 : known.offset();
  }

  /** Retention removes the records before an offset. */
  public void deleteTo(TopicPartition name, long offset) {
    if (offset > log(name).end(false)) {
      throw new OffsetOutOfRangeException("%s ends before %d".formatted(name, offset));
    }
    log(name).deleteTo(offset);
  }

  // Faults

  /** Requests wait until this time, as {@code Time.nanoTime}. */
  public void downUntil(long nanos) {
    downUntil = nanos;
  }

  /** This share of requests is lost, half of them after they have taken effect. */
  public void lossRate(double rate) {
    lossRate = rate;
  }

  /** This share of requests is refused. */
  public void refusalRate(double rate) {
    refusalRate = rate;
  }

  // Requests

  private long latency() {
    return 200_000L + random.nextInt(random.nextInt(10) == 0 ? 30_000_000 : 2_000_000);
  }

  <T> Request<T> send(SimulatedLink link, boolean isReliable, Supplier<T> action) {
    long now = settle();
    long arrival = Math.max(now, Math.max(link.cutUntil, downUntil)) + latency();
    long due = Math.max(arrival, link.lastDue + 1);
    link.lastDue = due;
    boolean isLost = !isReliable && random.nextDouble() < lossRate;
    boolean isDone = !isLost || random.nextBoolean();
    boolean isRefused = !isReliable && random.nextDouble() < refusalRate;
    long answerAt = Math.max(due + latency(), link.lastAnswer);
    link.lastAnswer = answerAt; // answers come in the order of their requests
    var request = new Request<>(due, isLost ? NEVER : answerAt, ++numbers, isRefused, action);
    if (isDone) {
      requests.add(request);
    }
    return request;
  }

  /**
   * Sends a request and waits for its answer. Refused requests are repeated.
   *
   * @throws TimeoutException if there is no answer in time
   */
  <T> T call(SimulatedLink link, Duration timeout, String what, Supplier<T> action) {
    long deadline = Time.nanoTime() + timeout.toNanos();
    while (true) {
      Request<T> request = send(link, false, action);
      if (!await(request, deadline)) {
        throw new TimeoutException(
            "no answer within %d ms: %s".formatted(timeout.toMillis(), what));
      }
      RuntimeException failure = request.failure;
      if (failure == null) {
        @SuppressWarnings("NullAway") // the action's own result
        T result = request.result;
        return result;
      }
      if (!(failure instanceof RetriableException)) {
        throw failure;
      }
      pause(Math.min(deadline, Time.nanoTime() + RETRY));
    }
  }

  /**
   * Does something at the broker; blocks until it is answered.
   *
   * @throws TimeoutException if there is no answer in time; then it is done or not
   */
  public void store(SimulatedLink link, Duration timeout, Runnable action) {
    String _ =
        call(
            link,
            timeout,
            "a stored record",
            () -> {
              action.run();
              return "";
            });
  }

  /** Waits for the answer. Returns whether it came in time. */
  private boolean await(Request<?> request, long deadline) {
    pause(Math.min(request.answerAt, deadline));
    return request.isAnswered(settle());
  }

  /** Blocks until this time. */
  void pause(long until) {
    for (long left; (left = until - Time.nanoTime()) > 0; ) {
      if (Thread.interrupted()) {
        Thread.currentThread().interrupt();
        throw new InterruptException("interrupted while it waits for the broker");
      }
      Time.parkNanos(this, left);
    }
  }

  /** Lets all take effect that has arrived by now. Returns the time. */
  long settle() {
    long now = Time.nanoTime();
    for (Request<?> next; (next = requests.peek()) != null && next.due <= now; ) {
      requests.remove();
      clock = next.due;
      expire(clock);
      next.run();
    }
    clock = now;
    expire(now);
    return now;
  }

  /** The time of arrival of the request that takes effect. */
  long clock() {
    return clock;
  }

  boolean isDown(SimulatedLink link) {
    return Time.nanoTime() < Math.max(downUntil, link.cutUntil);
  }

  private void expire(long now) {
    group.expire(now);
    for (SimulatedTransaction.Id id : transactions.values()) {
      SimulatedTransaction last = id.last;
      if (last != null && last.state == SimulatedTransaction.State.OPEN && last.deadline < now) {
        id.epoch++;
        last.end(false);
      }
    }
  }

  void committed(Map<TopicPartition, OffsetAndMetadata> offsets) {
    onCommit.accept(offsets);
  }

  SimulatedTransaction.Id transactional(String id) {
    return transactions.computeIfAbsent(id, _ -> new SimulatedTransaction.Id());
  }

  // Pollers

  /** The calling thread waits for something new, at most until this time. */
  void awaitNews(long until) {
    long left = until - Time.nanoTime();
    if (left > 0) {
      pollers.add(Thread.currentThread());
      Time.parkNanos(this, left);
      pollers.remove(Thread.currentThread());
    }
  }

  void wakePollers() {
    pollers.forEach(LockSupport::unpark);
  }

  @Override
  public String toString() {
    return group.toString();
  }
}
