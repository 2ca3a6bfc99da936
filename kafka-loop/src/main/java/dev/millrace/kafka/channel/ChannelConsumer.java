package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.builder.ConsumerBuilder;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.consumer.PollThread;
import dev.millrace.kafka.internal.drafts.Drafts;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.settings.Batching;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.workers.Outlet;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka consumer as three channels: messages, errors, notifications. For an application, {@link
 * KafkaLoop} is the easier way.
 *
 * <p>A thread of the consumer polls all the time. It pauses exactly the partitions that have enough
 * waiting messages, so that a slow application stays in its group. {@link Message} says how to
 * treat a message.
 *
 * <p>The consumer commits the offset up to which all records of a partition are settled. The
 * metadata of the commit lists the records settled beyond that offset, so that a restart redelivers
 * few records. A commit happens each {@code commitInterval}, after {@code commitEvery} settled
 * records, when a partition is revoked, and at the end. A rebalance waits for messages that have
 * begun, at most {@code revokeTimeout}.
 *
 * <p>Thread-safe. Only {@link #seek} and {@link #close} block. When the consumer cannot go on, all
 * three channels are closed with the cause.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class ChannelConsumer<K, V> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ChannelConsumer.class);

  private static final int EVENTS = 1000;
  private static final int READY = 16;

  /** The time that a busy machine may need beyond the deadline of the core. */
  private static final Duration SPARE = Duration.ofMillis(500);

  private final Channel<Message<K, V>> messages = Channel.buffered(READY);
  private final Channel<List<Delivery<K, V>>> batches = Channel.rendezvous();
  private final Channel<Exception> errors = Channel.dropOldest(EVENTS);
  private final Channel<Notification> notifications = Channel.dropOldest(EVENTS);
  private final ConsumerCore<K, V> core;
  private final Outlet outlet;
  private final Thread thread;

  ChannelConsumer(ConsumerSettings<K, V> settings) {
    this(settings, null);
    start();
  }

  /**
   * A consumer that does not poll before {@link #start}.
   *
   * @param outlets makes the outlet that takes all messages, so that {@link #messages} stays empty;
   *     null if the messages go to that channel
   */
  ChannelConsumer(ConsumerSettings<K, V> settings, Outlet.@Nullable Factory<K, V> outlets) {
    this.core = new ConsumerCore<>(settings, new Events());
    this.outlet =
        outlets == null ? feeder(settings) : outlets.create(core.partitions(), core.pauses());
    this.thread = new PollThread(settings.group(), core, this::end).thread();
  }

  /** Starts to consume. Call it once. */
  void start() {
    thread.start();
    outlet.start();
  }

  private Outlet feeder(ConsumerSettings<K, V> settings) {
    Batching batching = settings.batching;
    return batching == null
        ? new Feeder<>(settings.group(), core.partitions(), core.pauses(), messages)
        : new BatchFeeder<>(
            settings, batching, core.partitions(), core.pauses(), messages, batches);
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
  }

  /** The messages, in the order that the {@link Ordering} promises. */
  public ReceiveChannel<Message<K, V>> messages() {
    return messages;
  }

  /** The messages in batches, instead of {@link #messages}, if batches are set. */
  ReceiveChannel<List<Delivery<K, V>>> batches() {
    return batches;
  }

  /**
   * Failures that the consumer survives, such as a failed commit that will be repeated. The channel
   * holds 1,000 failures. When it is full, the oldest one is dropped, and a line is logged.
   */
  public ReceiveChannel<Exception> errors() {
    return errors;
  }

  /**
   * The results of rebalances. The channel holds 1,000 of them. When it is full, the oldest one is
   * dropped, and a line is logged.
   */
  public ReceiveChannel<Notification> notifications() {
    return notifications;
  }

  /** The health of the consumer now. Takes some microseconds, and does not ask the broker. */
  public Health health() {
    return core.health();
  }

  /** The progress of each partition that is assigned to this member. Does not ask the broker. */
  public List<PartitionStatus> partitions() {
    return core.status();
  }

  /**
   * Pauses these partitions: no more records of them are handed out. Messages already handed out
   * may still begin. The pause lasts until {@link #resume}. It survives rebalances, and also holds
   * for partitions that are not assigned to this member. Polling goes on. Does not block.
   */
  public void pause(Collection<TopicPartition> names) {
    core.pauses().add(names);
  }

  /** Resumes these partitions after {@link #pause}. */
  public void resume(Collection<TopicPartition> names) {
    core.resume(names);
  }

  /** The partitions that were paused by {@link #pause}, and not resumed since. */
  public Set<TopicPartition> paused() {
    return core.pauses().named();
  }

  /**
   * Continues at this offset, forwards or backwards, as if the partition had been revoked and
   * assigned again. Messages that have not begun are dropped. No other message of the partition
   * begins before the running ones end, and the running ones are not committed. The next commit has
   * the new position. Blocks until the poll thread has set the position.
   *
   * @throws IllegalStateException if the partition is not assigned to this member, if the consumer
   *     is closed, or if an observer calls this method in the poll thread
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void seek(TopicPartition name, long offset) throws InterruptedException {
    if (core.isPollThread()) {
      throw new IllegalStateException(
          "seek(…) was called by the poll thread, for which it waits: call it in another thread");
    }
    core.seek(name, offset);
  }

  /** The consumer core, which all faces share. */
  ConsumerCore<K, V> core() {
    return core;
  }

  /** Puts it among the {@link #errors}; false if the consumer has ended, and they are closed. */
  boolean report(Exception error) {
    if (errors.size() == EVENTS) {
      LOG.warn("errors() is full: the oldest error is dropped; receive the errors");
    }
    LOG.debug("the consumer goes on after", error);
    try {
      errors.trySend(error);
      return true;
    } catch (ChannelClosedException e) {
      return false;
    }
  }

  /**
   * Stops polling, commits the settled records without waiting for running handlers, leaves the
   * group, and closes the channels. Blocks until the thread has ended, at most {@code
   * closeTimeout}. An interrupt does not shorten the wait. Idempotent. A call by an observer in the
   * poll thread does not block: the poll thread ends after the observer returns.
   */
  @Override
  public void close() {
    close(Time.nanoTime() + core.closeTimeout().toNanos());
  }

  /**
   * Closes the consumer; whether its threads have ended by the deadline.
   *
   * @param deadline as {@link System#nanoTime}
   */
  boolean close(long deadline) {
    core.stop(deadline);
    if (core.isPollThread()) {
      return false;
    }
    long last = deadline + SPARE.toNanos();
    boolean ended = Ends.join(thread, last);
    long patience = Time.nanoTime() + core.closeTimeout().dividedBy(4).toNanos();
    boolean _ = outlet.join(patience - last < 0 ? patience : last); // says itself what is left
    return ended;
  }

  /** The innermost calls of the poll thread, for people. */
  String place() {
    return Ends.place(thread);
  }

  private void end(@Nullable Throwable why) {
    outlet.stop();
    for (Channel<?> channel : List.of(messages, batches, errors, notifications)) {
      if (why == null) {
        channel.close();
      } else {
        channel.close(why);
      }
    }
  }

  /** Receives the events of the core, from the poll thread and from the threads of handlers. */
  private final class Events implements ConsumerCore.Listener {

    @Override
    public void ready() {
      outlet.wake();
    }

    @Override
    public void turned() {
      outlet.turned();
    }

    @Override
    public void survived(Exception error) {
      if (!report(error)) {
        LOG.warn("after the end of the consumer", error);
      }
    }

    @Override
    public void rebalanced(Notification change) {
      if (notifications.size() == EVENTS) {
        LOG.warn(
            "notifications() is full: the oldest notification is dropped; receive the"
                + " notifications");
      }
      try {
        notifications.trySend(change);
      } catch (ChannelClosedException e) {
        LOG.debug("after the end of the consumer: {}", change);
      }
    }
  }

  /** The settings of a consumer, with their defaults. Not thread-safe. */
  public static final class Builder<K, V> extends ConsumerBuilder<K, V, Builder<K, V>> {

    private Builder() {}

    @Override
    protected Builder<K, V> self() {
      return this;
    }

    /** Makes the consumer; for tests. */
    Builder<K, V> factory(Function<Map<String, Object>, Consumer<byte[], byte[]>> factory) {
      Drafts.consumer(this).factory = factory;
      return this;
    }

    /**
     * Opens a consumer and starts it.
     *
     * @throws IllegalArgumentException if a setting is missing or unsafe
     */
    public ChannelConsumer<K, V> open() {
      return new ChannelConsumer<>(Drafts.consumer(this).checked());
    }
  }
}
