package dev.millrace.kafka.channel;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.kafka.Notification;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A Kafka consumer as three channels: messages, errors, notifications.
 *
 * <p>A thread of its own polls, always: it pauses the partitions of which {@code buffer} records
 * wait, and no others, so that a slow application stays in its group. It commits what is settled:
 * the offset of a partition up to which every record is, each {@code commitInterval}, when the
 * partition is taken away, and at the end. For an application, {@link KafkaLoop} is the easier way.
 *
 * <p>For each message: {@link #begin}, and if that is false drop it, as its partition belongs to
 * somebody else by now; then handle it; then {@link #settle}, or {@link #abandon} if it was not
 * handled. A rebalance waits for records that have begun, for {@code revokeTimeout} at the most.
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
    this.poll = new PollThread<>(settings.checked());
    this.poll.start();
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
  }

  /** The records, those of a partition in the order of their offsets. */
  public ReceiveChannel<ConsumerRecord<K, V>> messages() {
    return poll.messages();
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

  /** Marks the record as running; false if its partition was taken away: do not handle it. */
  public boolean begin(ConsumerRecord<K, V> record) {
    return poll.begin(record);
  }

  /**
   * Marks the record as settled, so that it may be committed once all before it are. Does nothing
   * if its partition was taken away, even if it came back.
   */
  public void settle(ConsumerRecord<K, V> record) {
    poll.settle(record);
  }

  /** Marks the record as not running any more; it is not settled and will come again one day. */
  public void abandon(ConsumerRecord<K, V> record) {
    poll.abandon(record);
  }

  /**
   * Stops polling, commits what is settled, leaves the group and closes the channels; {@code
   * closeTimeout} at the most. Blocks until the thread has ended. An interrupt does not shorten it.
   */
  @Override
  public void close() {
    poll.close();
  }

  /** Settings with defaults; not safe for use by many threads. */
  public static final class Builder<K, V> {
    private ConsumerSettings<K, V> settings = ConsumerSettings.defaults();

    private Builder() {}

    /**
     * Kafka's own settings: {@code bootstrap.servers}, {@code group.id} and the deserializers at
     * least. {@code enable.auto.commit=true} is refused.
     */
    public Builder<K, V> properties(Map<String, ?> properties) {
      settings = settings.withProperties(properties);
      return this;
    }

    /** What to subscribe to. */
    public Builder<K, V> topics(String... topics) {
      settings = settings.withTopics(List.of(topics));
      return this;
    }

    /** From how many waiting records on a partition is paused; 500. */
    public Builder<K, V> buffer(int records) {
      settings = settings.withBuffer(records);
      return this;
    }

    /** How often to commit; one second. */
    public Builder<K, V> commitInterval(Duration interval) {
      settings = settings.withCommitInterval(interval);
      return this;
    }

    /** How long a rebalance waits for records that have begun; ten seconds. */
    public Builder<K, V> revokeTimeout(Duration timeout) {
      settings = settings.withRevokeTimeout(timeout);
      return this;
    }

    /** How long {@link ChannelConsumer#close()} takes at the most; ten seconds. */
    public Builder<K, V> closeTimeout(Duration timeout) {
      settings = settings.withCloseTimeout(timeout);
      return this;
    }

    Builder<K, V> factory(Function<Map<String, Object>, Consumer<K, V>> factory) {
      settings = settings.withFactory(factory);
      return this;
    }

    /**
     * Starts to consume.
     *
     * @throws IllegalArgumentException if a setting is missing or unsafe
     */
    public ChannelConsumer<K, V> open() {
      return new ChannelConsumer<>(settings);
    }
  }
}
