package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.internal.Partition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that owns the Kafka consumer, and the one that feeds the messages channel from what it
 * has polled.
 */
/*
 * Two threads, because one of them must never wait: the poll thread polls, pauses and commits; the
 * feeder, a virtual thread, takes from the partitions in turn and blocks on the channel. They meet in
 * the Partition objects. Pauses are worked out anew before each poll from how full the partitions are,
 * and compared with what the consumer says is paused, so that a rebalance that clears or forgets them
 * changes nothing. While something is paused polls are short, as nobody but this thread may resume it.
 */
final class PollThread<K, V> implements ConsumerRebalanceListener {

  private static final Logger LOG = LoggerFactory.getLogger(PollThread.class);

  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration POLL_WHILE_PAUSED = Duration.ofMillis(5);
  private static final Duration BACK_OFF = Duration.ofMillis(200);
  private static final int EVENTS = 1000;
  private static final int READY = 16;

  /**
   * How many buffers of records may be held behind one that is not settled, before its partition
   * waits for it: what bounds the memory when one handler hangs.
   */
  private static final int HELD = 20;

  private final ConsumerSettings<K, V> settings;
  private final Consumer<K, V> consumer;
  private final Channel<ConsumerRecord<K, V>> messages = Channel.buffered(READY);
  private final Channel<Exception> errors = Channel.dropOldest(EVENTS);
  private final Channel<Notification> notifications = Channel.dropOldest(EVENTS);
  private final Channel<Boolean> polled = Channel.conflated();
  private final Map<TopicPartition, Partition<K, V>> partitions = new ConcurrentHashMap<>();
  private final Thread thread;
  private final Thread feeder;
  private volatile boolean closing;
  private long nextCommit;

  PollThread(ConsumerSettings<K, V> settings) {
    this.settings = settings;
    this.consumer = settings.newConsumer();
    String group = settings.properties().get(ConsumerConfig.GROUP_ID_CONFIG) + "";
    this.thread = Thread.ofPlatform().daemon().name("millrace-poll-" + group).unstarted(this::run);
    this.feeder = Thread.ofVirtual().name("millrace-feed-" + group).unstarted(this::feed);
  }

  void start() {
    thread.start();
    feeder.start();
  }

  Channel<ConsumerRecord<K, V>> messages() {
    return messages;
  }

  Channel<Exception> errors() {
    return errors;
  }

  Channel<Notification> notifications() {
    return notifications;
  }

  boolean begin(ConsumerRecord<K, V> record) {
    Partition<K, V> partition = partitionOf(record);
    return partition != null && partition.begin(record);
  }

  void settle(ConsumerRecord<K, V> record) {
    Partition<K, V> partition = partitionOf(record);
    if (partition != null) {
      partition.settle(record);
    }
  }

  void abandon(ConsumerRecord<K, V> record) {
    Partition<K, V> partition = partitionOf(record);
    if (partition != null) {
      partition.abandon(record);
    }
  }

  private @Nullable Partition<K, V> partitionOf(ConsumerRecord<K, V> record) {
    return partitions.get(new TopicPartition(record.topic(), record.partition()));
  }

  void close() {
    closing = true;
    boolean interrupted = false;
    while (thread.isAlive() || feeder.isAlive()) {
      try {
        thread.join();
        feeder.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // The feeder

  private void feed() {
    List<Partition<K, V>> order = new ArrayList<>();
    try {
      while (true) {
        order.clear();
        order.addAll(partitions.values());
        boolean any = false;
        for (Partition<K, V> partition : order) {
          ConsumerRecord<K, V> record = partition.next();
          if (record != null) {
            any = true;
            messages.send(record);
          }
        }
        if (!any && polled.receiveOrNull() == null) {
          return;
        }
      }
    } catch (InterruptedException | ChannelClosedException e) {
      LOG.debug("the feeder ends: {}", e.toString());
    }
  }

  // The poll thread

  private void run() {
    Throwable cause = null;
    try {
      consumer.subscribe(settings.topics(), this);
      nextCommit = System.nanoTime() + settings.commitInterval().toNanos();
      while (!closing) {
        pauseWhatIsFull();
        poll();
        commitIfDue();
      }
    } catch (Throwable e) {
      cause = e;
      LOG.error("the consumer can not go on", e);
    } finally {
      end(cause);
    }
  }

  private void poll() {
    try {
      ConsumerRecords<K, V> records =
          consumer.poll(consumer.paused().isEmpty() ? POLL : POLL_WHILE_PAUSED);
      for (TopicPartition name : records.partitions()) {
        Partition<K, V> partition = partitions.get(name);
        if (partition != null) {
          partition.add(records.records(name));
        }
      }
      if (!records.isEmpty()) {
        polled.trySend(true);
      }
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      if (!(e instanceof RetriableException)) {
        throw e;
      }
      report(e);
      LockSupport.parkNanos(BACK_OFF.toNanos());
    }
  }

  private void pauseWhatIsFull() {
    Set<TopicPartition> paused = consumer.paused();
    Set<TopicPartition> pause = new HashSet<>();
    Set<TopicPartition> resume = new HashSet<>();
    for (Partition<K, V> partition : partitions.values()) {
      boolean isPaused = paused.contains(partition.name());
      int buffered = partition.buffered();
      boolean holdsTooMany = partition.held() >= HELD * settings.buffer();
      if (!isPaused && (buffered >= settings.buffer() || holdsTooMany)) {
        pause.add(partition.name());
      } else if (isPaused && buffered <= settings.buffer() / 2 && !holdsTooMany) {
        resume.add(partition.name());
      }
    }
    if (!pause.isEmpty()) {
      consumer.pause(pause);
    }
    if (!resume.isEmpty()) {
      consumer.resume(resume);
    }
  }

  private void commitIfDue() {
    long now = System.nanoTime();
    if (now - nextCommit < 0) {
      return;
    }
    nextCommit = now + settings.commitInterval().toNanos();
    Map<Partition<K, V>, Long> offsets = toCommit(partitions.values());
    if (!offsets.isEmpty()) {
      consumer.commitAsync(
          metadata(offsets),
          (committed, failure) -> {
            if (failure == null) {
              offsets.forEach(Partition::committed);
            } else {
              report(failure); // and the next commit includes these offsets
            }
          });
    }
  }

  private Map<Partition<K, V>, Long> toCommit(Collection<Partition<K, V>> of) {
    Map<Partition<K, V>, Long> offsets = new HashMap<>();
    for (Partition<K, V> partition : of) {
      long offset = partition.toCommit();
      if (offset >= 0) {
        offsets.put(partition, offset);
      }
    }
    return offsets;
  }

  private Map<TopicPartition, OffsetAndMetadata> metadata(Map<Partition<K, V>, Long> offsets) {
    Map<TopicPartition, OffsetAndMetadata> result = new HashMap<>();
    offsets.forEach(
        (partition, offset) -> result.put(partition.name(), new OffsetAndMetadata(offset)));
    return result;
  }

  private void commitNow(Collection<Partition<K, V>> of, Duration timeout) {
    Map<Partition<K, V>, Long> offsets = toCommit(of);
    if (!offsets.isEmpty()) {
      try {
        consumer.commitSync(metadata(offsets), timeout);
        offsets.forEach(Partition::committed);
      } catch (KafkaException e) { // the records come again
        report(e);
      }
    }
  }

  private void report(Exception error) {
    if (errors.size() == EVENTS) {
      LOG.warn("nobody receives the errors; the oldest is dropped");
    }
    LOG.debug("the consumer goes on after", error);
    errors.trySend(error);
  }

  /** Commits, leaves the group, and closes the channels, with the cause if there is one. */
  private void end(@Nullable Throwable cause) {
    Throwable why = cause;
    try {
      commitNow(partitions.values(), settings.closeTimeout().dividedBy(2));
      consumer.close(CloseOptions.timeout(settings.closeTimeout().dividedBy(2)));
    } catch (RuntimeException e) {
      if (why == null) {
        why = e;
      } else {
        why.addSuppressed(e);
      }
    }
    feeder.interrupt();
    for (Channel<?> channel : List.of(messages, errors, notifications, polled)) {
      if (why == null) {
        channel.close();
      } else {
        channel.close(why);
      }
    }
  }

  // Rebalances; called by poll, in the poll thread

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> names) {
    for (TopicPartition name : names) {
      partitions.put(name, new Partition<>(name));
    }
    tell(names, Set.of());
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> names) {
    List<Partition<K, V>> revoked = revoke(names);
    long deadline = System.nanoTime() + settings.revokeTimeout().toNanos();
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
    commitNow(revoked, settings.closeTimeout());
    forget(names);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> names) {
    revoke(names);
    forget(names);
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

  private void forget(Collection<TopicPartition> names) {
    names.forEach(partitions::remove);
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
    notifications.trySend(Objects.requireNonNull(notification));
  }
}
