package dev.millrace.testkit.chaos.simulation;

import dev.millrace.clock.internal.Time;
import dev.millrace.testkit.chaos.simulation.SimulatedBroker.Request;
import dev.millrace.testkit.chaos.simulation.SimulatedGroup.Answer;
import dev.millrace.testkit.chaos.simulation.SimulatedMembership.Assigned;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnstableOffsetCommitException;
import org.jspecify.annotations.Nullable;

/**
 * A consumer of a {@link SimulatedBroker}, with the behaviour of Kafka's: callbacks in the polls,
 * heartbeats in a thread of its own, commits with the generation of the last rebalance. It has no
 * prefetched records. Properties: {@code max.poll.records}, {@code isolation.level}, {@code
 * session.timeout.ms}, {@code max.poll.interval.ms}.
 *
 * <p>For one thread at a time, as Kafka's.
 */
public final class SimulatedConsumer extends PartialConsumer {

  private record Sent(
      Request<Answer> request,
      Map<TopicPartition, OffsetAndMetadata> offsets,
      long expires,
      @Nullable OffsetCommitCallback callback) {}

  private static final int OLD_POSITIONS = 3;
  private static final Duration SOON = Duration.ofMillis(20);

  private final SimulatedBroker broker;
  private final SimulatedLink link;
  private final boolean committedOnly;
  private final int mostRecords;
  private final Consumer<Map<TopicPartition, OffsetAndMetadata>> onCommitted;
  private final SimulatedMembership membership;
  private final Map<TopicPartition, Assigned> assigned;
  private final Deque<Sent> commits = new ArrayDeque<>();
  private Set<String> topics = Set.of();
  private int turns;
  private boolean closed;

  /**
   * A consumer.
   *
   * @param onCommitted called with the commits that the broker has answered
   */
  public SimulatedConsumer(
      SimulatedBroker broker,
      SimulatedLink link,
      Map<String, Object> properties,
      Consumer<Map<TopicPartition, OffsetAndMetadata>> onCommitted) {
    this.broker = broker;
    this.link = link;
    this.onCommitted = onCommitted;
    this.committedOnly = "read_committed".equals(properties.get("isolation.level"));
    this.mostRecords = Integer.parseInt("" + properties.get("max.poll.records"));
    this.membership = new SimulatedMembership(broker, link, properties);
    this.assigned = membership.assigned;
  }

  /** The time since the last poll began. */
  public Duration sincePoll() {
    return membership.sincePoll();
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the consumer is closed");
    }
  }

  // Subscription

  @Override
  public void subscribe(Collection<String> names, ConsumerRebalanceListener callbacks) {
    checkOpen();
    topics = new LinkedHashSet<>(names);
    membership.begin(callbacks);
  }

  @Override
  public Set<TopicPartition> assignment() {
    return membership.assignment();
  }

  @Override
  public Set<String> subscription() {
    return topics;
  }

  // Polls

  @Override
  public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    checkOpen();
    if (topics.isEmpty()) {
      throw new IllegalStateException("the consumer has no subscription");
    }
    long deadline = Time.nanoTime() + timeout.toNanos();
    membership.polled();
    while (true) {
      checkInterrupt();
      broker.settle();
      runCallbacks();
      membership.coordinate();
      ConsumerRecords<byte[], byte[]> records = fetch();
      if (!records.nextOffsets().isEmpty() || Time.nanoTime() >= deadline) {
        return records;
      }
      long until = membership.isJoining() ? Time.nanoTime() + SOON.toNanos() : deadline;
      for (Sent one : commits) {
        until = Math.min(until, one.request().answerAt);
      }
      broker.awaitNews(Math.min(deadline, until));
    }
  }

  private static void checkInterrupt() {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptException("interrupted in a poll");
    }
  }

  private ConsumerRecords<byte[], byte[]> fetch() {
    Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> found = new LinkedHashMap<>();
    Map<TopicPartition, OffsetAndMetadata> next = new LinkedHashMap<>();
    if (broker.isDown(link)) {
      return new ConsumerRecords<>(found, next);
    }
    int left = mostRecords;
    List<TopicPartition> names = new ArrayList<>(assigned.keySet());
    initializePositions(names);
    names.forEach(this::checkPosition); // before any position moves
    for (int i = 0; i < names.size() && left > 0; i++) {
      TopicPartition name = names.get((i + turns) % names.size());
      Assigned one = Objects.requireNonNull(assigned.get(name));
      Long from = one.position;
      if (one.paused || from == null) {
        continue;
      }
      SimulatedLog log = broker.log(name);
      List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
      long behind = log.read(from, left, committedOnly, (offset, record) -> records.add(record));
      if (behind > from) {
        one.position = behind;
        next.put(name, new OffsetAndMetadata(behind));
        if (!records.isEmpty()) {
          found.put(name, records);
        }
        left -= records.size();
      }
    }
    if (!next.isEmpty()
        && turns % OLD_POSITIONS == 0) { // Kafka's answers now and then contain them
      names.forEach(
          name -> {
            Assigned one = assigned(name);
            Long position = one.position;
            if (!one.paused && position != null) {
              next.putIfAbsent(name, new OffsetAndMetadata(position));
            }
          });
    }
    turns++;
    return new ConsumerRecords<>(found, next);
  }

  /** As Kafka's: paused partitions also get their positions, unless a transaction is open. */
  private void initializePositions(List<TopicPartition> names) {
    Set<TopicPartition> unknown = new LinkedHashSet<>();
    for (TopicPartition name : names) {
      Assigned one = assigned(name);
      if (one.position == null && !broker.group().isPending(name)) {
        OffsetAndMetadata committed = broker.group().committed(name);
        if (committed == null) {
          unknown.add(name);
        } else {
          one.position = committed.offset();
        }
      }
    }
    if (!unknown.isEmpty()) {
      throw new NoOffsetForPartitionException(unknown);
    }
  }

  private void checkPosition(TopicPartition name) {
    Assigned one = assigned(name);
    Long from = one.position;
    if (!one.paused && from != null) {
      SimulatedLog log = broker.log(name);
      if (from < log.start() || from > log.end(false)) {
        throw new OffsetOutOfRangeException(Map.of(name, from));
      }
    }
  }

  // Commits

  @Override
  public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
    checkOpen();
    runCallbacks();
    if (offsets.isEmpty()) {
      return;
    }
    RuntimeException refusal = membership.refusal();
    if (refusal != null) {
      throw refusal;
    }
    Answer answer = broker.call(link, timeout, "a commit", commit(offsets));
    runCallbacks(); // of commits that were answered before this one
    RuntimeException failure = membership.failure(answer);
    if (failure != null) {
      throw failure;
    }
    onCommitted.accept(offsets);
  }

  private Supplier<Answer> commit(Map<TopicPartition, OffsetAndMetadata> offsets) {
    String id = membership.member();
    int now = membership.generation();
    return () -> broker.group().commit(id, now, offsets);
  }

  @Override
  public void commitAsync(
      Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable OffsetCommitCallback callback) {
    runCallbacks();
    RuntimeException refusal = membership.refusal();
    if (refusal != null) {
      if (callback != null) {
        callback.onComplete(offsets, refusal);
      }
      return;
    }
    Request<Answer> request = broker.send(link, false, commit(offsets));
    commits.add(new Sent(request, offsets, Time.nanoTime() + API.toNanos(), callback));
  }

  private void runCallbacks() {
    long now = broker.settle();
    for (Sent first; (first = commits.peek()) != null; ) {
      Request<Answer> request = first.request();
      boolean isAnswered = request.isAnswered(now);
      if (!isAnswered && now < first.expires()) {
        return;
      }
      commits.remove();
      RuntimeException failure =
          !isAnswered
              ? new RetriableCommitFailedException(new TimeoutException("a commit has no answer"))
              : request.failure != null
                  ? new RetriableCommitFailedException(request.failure)
                  : membership.failure(Objects.requireNonNull(request.result));
      if (failure == null) {
        onCommitted.accept(first.offsets());
      }
      OffsetCommitCallback callback = first.callback();
      if (callback != null) {
        callback.onComplete(first.offsets(), failure);
      }
    }
  }

  // Positions

  private Assigned assigned(TopicPartition name) {
    checkOpen();
    Assigned one = assigned.get(name);
    if (one == null) {
      throw new IllegalStateException(name + " is not assigned to " + link.client);
    }
    return one;
  }

  @Override
  public void seek(TopicPartition name, long offset) {
    assigned(name).position = offset;
  }

  @Override
  public long position(TopicPartition name, Duration timeout) {
    Assigned one = assigned(name);
    if (one.position == null) {
      committed(Set.of(name), timeout); // waits for the end of a transaction
      initializePositions(List.of(name));
    }
    return Objects.requireNonNull(one.position);
  }

  @Override
  public void pause(Collection<TopicPartition> names) {
    names.forEach(name -> assigned(name).paused = true);
  }

  @Override
  public void resume(Collection<TopicPartition> names) {
    names.forEach(name -> assigned(name).paused = false);
  }

  @Override
  public Set<TopicPartition> paused() {
    Set<TopicPartition> names = new LinkedHashSet<>();
    assigned.forEach(
        (name, one) -> {
          if (one.paused) {
            names.add(name);
          }
        });
    return names;
  }

  @Override
  public OptionalLong currentLag(TopicPartition name) {
    Long position = assigned(name).position;
    return position == null
        ? OptionalLong.empty()
        : OptionalLong.of(Math.max(0, broker.log(name).end(committedOnly) - position));
  }

  // Questions

  @Override
  public Map<TopicPartition, OffsetAndMetadata> committed(
      Set<TopicPartition> names, Duration timeout) {
    checkOpen();
    return broker.call(
        link,
        timeout,
        "the committed offsets",
        () -> {
          Map<TopicPartition, OffsetAndMetadata> known = new LinkedHashMap<>();
          for (TopicPartition name : names) {
            if (broker.group().isPending(name)) {
              throw new UnstableOffsetCommitException("a transaction is open for " + name);
            }
            known.put(name, broker.group().committed(name)); // null if there is none
          }
          return known;
        });
  }

  private Map<TopicPartition, Long> offsets(
      Collection<TopicPartition> names, Duration timeout, ToLongFunction<SimulatedLog> offset) {
    checkOpen();
    return broker.call(
        link,
        timeout,
        "offsets",
        () -> {
          Map<TopicPartition, Long> all = new LinkedHashMap<>();
          names.forEach(name -> all.put(name, offset.applyAsLong(broker.log(name))));
          return all;
        });
  }

  @Override
  public Map<TopicPartition, Long> beginningOffsets(
      Collection<TopicPartition> names, Duration timeout) {
    return offsets(names, timeout, SimulatedLog::start);
  }

  @Override
  public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> names, Duration timeout) {
    return offsets(names, timeout, log -> log.end(committedOnly));
  }

  @Override
  public Map<String, List<PartitionInfo>> listTopics(Duration timeout) {
    return broker.call(
        link,
        timeout,
        "the topics",
        () -> {
          Map<String, List<PartitionInfo>> all = new LinkedHashMap<>();
          for (TopicPartition name : broker.partitions()) {
            all.computeIfAbsent(name.topic(), _ -> new ArrayList<>())
                .add(SimulatedProducer.info(name));
          }
          return all;
        });
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
    return listTopics(timeout).getOrDefault(topic, List.of());
  }

  @Override
  public ConsumerGroupMetadata groupMetadata() {
    return membership.metadata();
  }

  @Override
  public Map<MetricName, ? extends Metric> metrics() {
    return Map.of();
  }

  // End

  @Override
  public void close(CloseOptions options) {
    if (closed) {
      return;
    }
    Duration timeout = options.timeout().orElse(API);
    long deadline = Time.nanoTime() + timeout.toNanos();
    try {
      runCallbacks();
      Set<TopicPartition> rest = assignment();
      if (!rest.isEmpty()) {
        if (membership.isFenced()) {
          membership.callbacks().onPartitionsLost(rest);
        } else {
          membership.callbacks().onPartitionsRevoked(rest);
        }
        assigned.clear();
      }
      while (!commits.isEmpty() && Time.nanoTime() < deadline) {
        broker.pause(Math.min(deadline, Time.nanoTime() + SOON.toNanos()));
        runCallbacks();
      }
    } finally {
      closed = true;
      membership.end();
    }
  }
}
