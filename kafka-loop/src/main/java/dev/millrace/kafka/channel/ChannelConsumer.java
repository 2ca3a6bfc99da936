package dev.millrace.kafka.channel;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.kafka.ConsumerBuilder;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A Kafka consumer as three channels: messages, errors, notifications.
 *
 * <p>A thread of its own polls, always: it pauses the partitions that have enough waiting, and no
 * others, so that a slow application stays in its group. It commits what is settled: the offset of
 * a partition up to which every record is, and in the commit's metadata what is settled beyond, so
 * that a restart repeats little. It commits each {@code commitInterval}, or after {@code
 * commitEvery} records, when a partition is taken away, and at the end. For an application, {@link
 * KafkaLoop} is the easier way.
 *
 * <p>What to do with a message is said at {@link Message}. A rebalance waits for messages that have
 * begun, for {@code revokeTimeout} at the most.
 *
 * <p>Safe for use by many threads. When it can not go on, all three channels are closed with the
 * cause.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class ChannelConsumer<K, V> implements AutoCloseable {

  private final PollThread<K, V> poll;

  ChannelConsumer(ConsumerSettings<K, V> settings) {
    this(settings, null);
  }

  /** With an outlet of one's own, if there is one: there are no {@link #messages} then. */
  ChannelConsumer(ConsumerSettings<K, V> settings, Outlet.@Nullable Factory<K, V> outlets) {
    this.poll = new PollThread<>(settings.checked(), outlets);
    this.poll.start();
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
  }

  /** The messages, in the order that the {@link Ordering} promises. */
  public ReceiveChannel<Message<K, V>> messages() {
    return poll.messages();
  }

  /** The messages in batches, instead of {@link #messages}, if the settings say so. */
  ReceiveChannel<List<Delivery<K, V>>> batches() {
    return poll.batches();
  }

  /**
   * What went wrong and is survived, such as a commit that failed and will be repeated. If nobody
   * receives them, the oldest of 1,000 is dropped, and logged.
   */
  public ReceiveChannel<Exception> errors() {
    return poll.errors();
  }

  /**
   * What rebalances change. If nobody receives them, the oldest of 1,000 is dropped, and logged.
   */
  public ReceiveChannel<Notification> notifications() {
    return poll.notifications();
  }

  /** How it is doing now; takes some microseconds, and does not ask the broker. */
  public Health health() {
    return poll.core().health();
  }

  /** How far each partition is that this member has now; does not ask the broker. */
  public List<PartitionStatus> partitions() {
    return poll.core().status();
  }

  /**
   * Hands out no more records of these partitions; those that were handed out may still begin. It
   * holds until {@link #resume}, whatever rebalances do, for partitions that this member has not
   * got as well. Polling goes on.
   */
  public void pause(Collection<TopicPartition> names) {
    poll.core().pauses().add(names);
  }

  /** Ends a {@link #pause}. */
  public void resume(Collection<TopicPartition> names) {
    poll.core().resume(names);
  }

  /** What {@link #pause} has paused, and nothing has resumed. */
  public Set<TopicPartition> paused() {
    return poll.core().pauses().named();
  }

  /**
   * Goes on at that offset, forwards or back, as if the partition had been taken away and come
   * back: what was not begun is forgotten, what runs is waited for before anything else begins, and
   * is not committed; then the commit follows the new position. Blocks until the poll thread has
   * done it.
   *
   * @throws IllegalStateException if this member has not got the partition, is closed, or if an
   *     observer calls it in the poll thread
   */
  public void seek(TopicPartition name, long offset) throws InterruptedException {
    if (poll.core().isPollThread()) {
      throw new IllegalStateException(
          "seek(…) waits for the poll thread, which has called this: call it in another thread");
    }
    poll.core().seek(name, offset);
  }

  /** What it has in common with the other faces. */
  ConsumerCore<K, V> core() {
    return poll.core();
  }

  /** Puts it among the {@link #errors}; false if the consumer has ended, and they are closed. */
  boolean report(Exception error) {
    return poll.offer(error);
  }

  /**
   * Stops polling, commits what is settled without waiting for what runs, leaves the group and
   * closes the channels; {@code closeTimeout} at the most. Blocks until the thread has ended. An
   * interrupt does not shorten it. From within an observer, which the poll thread calls, it does
   * not block: the poll thread ends after that call.
   */
  @Override
  public void close() {
    close(System.nanoTime() + poll.core().closeTimeout().toNanos());
  }

  /** Whether it has ended by that {@link System#nanoTime}. */
  boolean close(long deadline) {
    return poll.close(deadline);
  }

  /** What the poll thread is doing, for people. */
  String place() {
    return poll.place();
  }

  /** Settings with defaults; not safe for use by many threads. */
  public static final class Builder<K, V> extends ConsumerBuilder<K, V, Builder<K, V>> {

    private Builder() {}

    @Override
    protected Builder<K, V> self() {
      return this;
    }

    /** Makes the consumer; for tests. */
    Builder<K, V> factory(Function<Map<String, Object>, Consumer<byte[], byte[]>> factory) {
      settings().factory = factory;
      return this;
    }

    /**
     * Starts to consume.
     *
     * @throws IllegalArgumentException if a setting is missing or unsafe
     */
    public ChannelConsumer<K, V> open() {
      return new ChannelConsumer<>(settings());
    }
  }
}
