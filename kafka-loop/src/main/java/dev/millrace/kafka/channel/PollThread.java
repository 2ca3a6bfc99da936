package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.internal.Deserialization;
import dev.millrace.kafka.internal.Partition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that owns the Kafka consumer: it polls, pauses, commits, and meets rebalances. */
/*
 * It never waits for the application, but in a rebalance: the outlet does that. They meet in the Partition
 * objects. Pauses are worked out anew before each poll from how full the partitions are, and compared
 * with what the consumer says is paused, so that a rebalance that clears or forgets them changes
 * nothing. While something is full polls are short, as nobody but this thread may resume it.
 */
final class PollThread<K, V> implements ConsumerRebalanceListener {

  private static final Logger LOG = LoggerFactory.getLogger(PollThread.class);

  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration POLL_WHILE_FULL = Duration.ofMillis(5);
  private static final Duration BACK_OFF = Duration.ofMillis(200);
  private static final int EVENTS = 1000;
  private static final int READY = 16;

  private final ConsumerSettings<K, V> settings;
  private final OffsetReset offsetReset;
  private final Deserialization<K, V> deserialization;
  private final Consumer<byte[], byte[]> consumer;
  private final Committer<K, V> committer;
  private final Lags<K, V> lags;
  private final Channel<Message<K, V>> messages = Channel.buffered(READY);
  private final Channel<Exception> errors = Channel.dropOldest(EVENTS);
  private final Channel<Notification> notifications = Channel.dropOldest(EVENTS);
  private final Map<TopicPartition, Partition<K, V>> partitions = new ConcurrentHashMap<>();

  /** Partitions that were taken away while handlers of theirs ran. */
  private final Map<TopicPartition, Partition<K, V>> left = new HashMap<>();

  private final HealthCheck health;
  private final Pauses pauses = new Pauses();
  private final Seeks seeks = new Seeks(this::seek);
  private final Outlet outlet;
  private final Thread thread;
  private volatile boolean closing;
  private volatile Set<TopicPartition> full = Set.of();

  PollThread(ConsumerSettings<K, V> settings, Outlet.Factory<K, V> outlets) {
    this.settings = settings;
    this.offsetReset = settings.offsetReset();
    this.consumer = settings.newConsumer();
    this.deserialization = deserialization(settings, consumer);
    this.health = new HealthCheck(settings.stuckAfter);
    this.lags = new Lags<>(consumer);
    this.committer = new Committer<>(consumer, settings, health, this::report);
    String group = settings.group();
    this.outlet = outlets.create(partitions.values(), pauses, messages);
    this.thread = Thread.ofPlatform().daemon().name("millrace-poll-" + group).unstarted(this::run);
  }

  private static <K, V> Deserialization<K, V> deserialization(
      ConsumerSettings<K, V> settings, Consumer<?, ?> consumer) {
    try {
      return settings.newDeserialization();
    } catch (RuntimeException e) {
      consumer.close(CloseOptions.timeout(Duration.ZERO));
      throw e;
    }
  }

  void start() {
    thread.start();
    outlet.start();
  }

  Channel<Message<K, V>> messages() {
    return messages;
  }

  Channel<Exception> errors() {
    return errors;
  }

  Channel<Notification> notifications() {
    return notifications;
  }

  void close() {
    closing = true;
    boolean interrupted = false;
    while (thread.isAlive() || outlet.isAlive()) {
      try {
        thread.join();
        outlet.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    Throwable cause = null;
    try {
      consumer.subscribe(settings.topics, this);
      while (!closing) {
        seeks.run();
        pauseWhatIsFull();
        poll();
        committer.commitIfDue(partitions.values());
      }
    } catch (Throwable e) {
      cause = e;
      LOG.error("the consumer can not go on", e);
    } finally {
      end(cause);
    }
  }

  private void poll() {
    health.polled();
    try {
      ConsumerRecords<byte[], byte[]> records = consumer.poll(pollTimeout());
      records.nextOffsets().forEach((name, next) -> add(name, records.records(name), next));
      if (!records.isEmpty()) {
        outlet.wake();
      }
      lags.askIfDue(partitions.values());
    } catch (InvalidOffsetException e) {
      reset(e);
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      survive(e);
    }
  }

  /** Goes on after what passes by itself. */
  private void survive(KafkaException e) {
    if (!(e instanceof RetriableException)) {
      throw e;
    }
    report(e);
    LockSupport.parkNanos(BACK_OFF.toNanos());
  }

  private void reset(InvalidOffsetException problem) {
    try {
      offsetReset
          .apply(consumer, problem, this::report)
          .forEach(
              (name, offset) -> {
                Partition<K, V> partition = partitions.get(name);
                if (partition != null && partition.wouldGoBack(offset)) {
                  beginAgain(partition);
                }
              });
    } catch (InvalidOffsetException | InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      survive(e); // the next poll says the same again
    }
  }

  private Duration pollTimeout() {
    Duration longest = full.isEmpty() ? POLL : POLL_WHILE_FULL;
    Duration untilCommit = committer.untilDue();
    if (!untilCommit.isPositive()) {
      return POLL_WHILE_FULL; // a commit is under way: its answer comes while we poll
    }
    return untilCommit.compareTo(longest) < 0 ? untilCommit : longest;
  }

  private void add(
      TopicPartition name, List<ConsumerRecord<byte[], byte[]>> records, OffsetAndMetadata next) {
    Partition<K, V> partition = partitions.get(name);
    if (partition == null) {
      return;
    }
    if (!records.isEmpty() && partition.wouldGoBack(records.getFirst().offset())) {
      report(
          new KafkaException(
              "%s goes back to offset %d, from %s: its log was cut or made anew"
                  .formatted(name, records.getFirst().offset(), partition)));
      partition = beginAgain(partition);
    }
    partition.add(records, next.offset());
  }

  /**
   * As if it had been taken away and come back at once, but nothing is known of what was settled.
   */
  private Partition<K, V> beginAgain(Partition<K, V> partition) {
    partition.revoke();
    Partition<K, V> again = newPartition(partition.name());
    again.after(partition);
    partitions.put(partition.name(), again);
    partition.observer().released();
    return again;
  }

  private void seek(TopicPartition name, long offset) {
    Partition<K, V> partition = partitions.get(name);
    if (partition == null) {
      throw new IllegalStateException(
          name + " is not assigned to this member; these are: " + partitions.keySet());
    }
    consumer.seek(name, offset);
    beginAgain(partition);
  }

  Seeks seeks() {
    return seeks;
  }

  Pauses pauses() {
    return pauses;
  }

  Health health() {
    return health.now(partitions.values(), pauses, full);
  }

  List<PartitionStatus> status() {
    return partitions.values().stream().map(this::status).toList();
  }

  private PartitionStatus status(Partition<K, V> partition) {
    TopicPartition name = partition.name();
    return partition.status(pauses.contains(name) || full.contains(name));
  }

  /** There may be something to hand out. */
  void wake() {
    outlet.wake();
  }

  private void pauseWhatIsFull() {
    Set<TopicPartition> paused = consumer.paused();
    Set<TopicPartition> pause = new HashSet<>();
    Set<TopicPartition> resume = new HashSet<>();
    Set<TopicPartition> nowFull = new HashSet<>();
    for (Partition<K, V> partition : partitions.values()) {
      boolean isPaused = paused.contains(partition.name());
      int backlog = isPaused ? settings.buffer / 2 + 1 : settings.buffer;
      boolean isFull = partition.isFull(backlog, settings.lookAhead, settings.lookAheadBytes);
      if (isFull) {
        nowFull.add(partition.name());
      }
      boolean shouldPause = isFull || pauses.contains(partition.name());
      if (shouldPause && !isPaused) {
        pause.add(partition.name());
      } else if (isPaused && !shouldPause) {
        resume.add(partition.name());
      }
    }
    full = nowFull;
    if (!pause.isEmpty()) {
      consumer.pause(pause);
    }
    if (!resume.isEmpty()) {
      consumer.resume(resume);
    }
  }

  /** Says what is survived. By any thread. */
  void report(Exception error) {
    if (errors.size() == EVENTS) {
      LOG.warn("nobody receives the errors; the oldest is dropped");
    }
    LOG.debug("the consumer goes on after", error);
    errors.trySend(error);
  }

  /** Commits, leaves the group, and closes the channels, with the cause if there is one. */
  private void end(@Nullable Throwable cause) {
    closing = true;
    seeks.close();
    Throwable why = cause;
    why = also(why, () -> committer.commitNow(partitions.values(), half(settings.closeTimeout)));
    why = also(why, () -> consumer.close(CloseOptions.timeout(half(settings.closeTimeout))));
    why = also(why, deserialization::close);
    why = also(why, () -> forget(List.copyOf(partitions.values()), Set.of()));
    health.ended(why);
    outlet.stop();
    for (Channel<?> channel : List.of(messages, errors, notifications)) {
      if (why == null) {
        channel.close();
      } else {
        channel.close(why);
      }
    }
  }

  private static Duration half(Duration timeout) {
    return timeout.dividedBy(2);
  }

  private static @Nullable Throwable also(@Nullable Throwable why, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      if (why == null) {
        return e;
      }
      why.addSuppressed(e);
    }
    return why;
  }

  // Rebalances; called by poll and close, in the poll thread

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> names) {
    health.joined();
    Map<TopicPartition, Partition<K, V>> assigned = new HashMap<>();
    for (TopicPartition name : names) {
      Partition<K, V> partition = newPartition(name);
      partition.after(left.remove(name));
      assigned.put(name, partition);
    }
    if (!assigned.isEmpty()) {
      committer.resume(assigned);
    }
    partitions.putAll(assigned);
    tell(names, Set.of());
  }

  private Partition<K, V> newPartition(TopicPartition name) {
    var partition = new Partition<>(name, settings.ordering, deserialization, outlet::wake);
    partition.observe(settings.observer.assigned(settings.group(), () -> status(partition)));
    return partition;
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> names) {
    List<Partition<K, V>> revoked = revoke(names);
    long timeout =
        closing ? 0 : settings.revokeTimeout.toNanos(); // at the end, all has been waited for
    long deadline = System.nanoTime() + timeout;
    try {
      for (Partition<K, V> partition : revoked) {
        long left = Math.max(0, deadline - System.nanoTime());
        if (!partition.awaitIdle(Duration.ofNanos(left))) {
          LOG.warn(
              "handlers of {} outlast the revoke timeout; their records come again", partition);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    }
    committer.commitNow(revoked, settings.closeTimeout);
    forget(revoked, names);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> names) {
    forget(revoke(names), names);
  }

  private List<Partition<K, V>> revoke(Collection<TopicPartition> names) {
    List<Partition<K, V>> revoked = new ArrayList<>();
    for (TopicPartition name : names) {
      Partition<K, V> partition = partitions.get(name);
      if (partition != null) {
        partition.revoke();
        revoked.add(partition);
      }
    }
    return revoked;
  }

  private void forget(List<Partition<K, V>> revoked, Collection<TopicPartition> names) {
    for (Partition<K, V> partition : revoked) {
      partitions.remove(partition.name());
      partition.observer().released();
      if (!partition.isIdle()) {
        left.put(partition.name(), partition);
      }
    }
    tell(Set.of(), names);
  }

  private void tell(Collection<TopicPartition> claimed, Collection<TopicPartition> released) {
    if (claimed.isEmpty() && released.isEmpty()) {
      return;
    }
    var notification =
        new Notification(Set.copyOf(claimed), Set.copyOf(released), partitions.keySet());
    LOG.debug("{}", notification);
    if (notifications.size() == EVENTS) {
      LOG.warn("nobody receives the notifications; the oldest is dropped");
    }
    notifications.trySend(notification);
    settings.observer.rebalanced(settings.group(), notification);
  }
}
