package dev.millrace.kafka.share;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.AbstractLoop;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.properties.Checks;
import dev.millrace.kafka.internal.properties.KafkaProperties;
import dev.millrace.kafka.internal.report.Guarded;
import dev.millrace.kafka.internal.settings.ShareDraft;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * The main loop of an application that consumes topics as queues, in a share group (KIP-932). There
 * may be more members than partitions: several members then share a partition. Each record is
 * acknowledged by itself, so a record that fails or takes long does not hold up a commit.
 *
 * <pre>{@code
 * var loop =
 *     ShareLoop.<String, String>builder()
 *         .properties(Map.of("bootstrap.servers", "localhost:9092", "group.id", "mails", …))
 *         .topics("mails")
 *         .concurrency(16)
 *         .retry(3, Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(1)))
 *         .deadLetterTopic("mails.dead")
 *         .handler(record -> server.send(record.value()))
 *         .build();
 * loop.run(context);
 * }</pre>
 *
 * <p><b>No order.</b> Records of a partition, and of a key, are handled at the same time and in any
 * order. Use a {@link dev.millrace.kafka.channel.KafkaLoop} where order matters.
 *
 * <p><b>At least once, up to the delivery limit of the group.</b> A record is accepted when its
 * handler has returned, or when its dead letter is safe. The loop renews the lock of a record while
 * the record is handled, waits for a retry, or becomes a dead letter. A record is delivered again
 * if its member dies, cannot reach the broker for longer than the lock lasts, or if the leader of
 * the partition changes. The old handler may still run then. Each delivery counts: after {@code
 * share.delivery.count.limit} deliveries (Kafka's default: 5) <b>the broker drops the record</b>,
 * and no loop sees it. So the limit must be higher than the number of crashes that a record may
 * meet.
 *
 * <p>By default a record that cannot be handled or deserialized stops the loop. {@link
 * Builder#retry}, {@link Builder#redeliver}, {@link Builder#deadLetters} and {@link
 * Builder#rejectFailed} change that. A {@code VirtualMachineError} (except {@code
 * StackOverflowError}) or a {@code LinkageError} always stops the loop.
 *
 * <p>Records are handled in virtual threads, at most {@code concurrency} at the same time. So a
 * handler may block, for example for the result of a publisher. A new group starts at the end of
 * its topics, unless {@code share.auto.offset.reset} of the group is {@code earliest}.
 *
 * <p>A loop runs once. Thread-safe. {@link #run} returns when all threads of the loop have ended.
 * At the end, running handlers get {@code drainTimeout} to finish, and are then interrupted. If the
 * context is cancelled, they are interrupted at once. Records that were not handled are released,
 * and other members get them at once. {@link #pauseAll} stops fetching; records that were fetched
 * before are handled. A pause that lasts longer than {@code max.poll.interval.ms} leaves the group
 * until {@link #resumeAll}. The methods {@link #pause} and {@link #resume} throw an {@link
 * UnsupportedOperationException}, because no partition belongs to one member. The method {@link
 * #partitions} lists the partitions that this loop has received records of, without a lag.
 *
 * <p>Needs kafka-clients 4.2 or later, and brokers of Kafka 4.2 or later with {@code
 * share.version=1}, the default of new clusters.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class ShareLoop<K, V> extends AbstractLoop<K, V> {

  private ShareLoop(ShareCore<K, V> loop) {
    super(loop);
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
  }

  /** The settings of a loop, with their defaults. Not thread-safe. No method blocks. */
  public static final class Builder<K, V> {

    private final ShareDraft<K, V> draft = new ShareDraft<>();
    private @Nullable RecordHandler<K, V> handler;

    private Builder() {}

    /** Makes the consumers; for tests. */
    Builder<K, V> factory(Function<Map<String, Object>, ShareConsumer<byte[], byte[]>> factory) {
      draft.factory = factory;
      return this;
    }

    /** Makes the client for questions to the cluster; for tests. */
    Builder<K, V> adminFactory(Function<Map<String, Object>, Admin> factory) {
      draft.consumer.adminFactory = factory;
      return this;
    }

    /**
     * Kafka's own settings. Required: {@code bootstrap.servers}, {@code group.id} and the
     * deserializers. {@link #build} refuses properties that a share group does not have, such as
     * {@code auto.offset.reset}. The loop sets {@code share.acknowledgement.mode} and {@code
     * max.poll.records}. The default of {@code share.acquire.mode} is {@code record_limit}, with
     * which {@link #lookAhead} is exact; {@code batch_optimized} fetches faster and may exceed it.
     *
     * @throws IllegalArgumentException if a name or a value is null
     */
    public Builder<K, V> properties(Map<String, ?> properties) {
      draft.consumer.properties(properties);
      return this;
    }

    /** Like {@link #properties(Map)}; includes the defaults of the {@code Properties} object. */
    public Builder<K, V> properties(Properties properties) {
      draft.consumer.properties(properties);
      return this;
    }

    /**
     * The deserializers themselves, instead of {@code key.deserializer} and {@code
     * value.deserializer} among the properties. The loop does not configure them, calls them in one
     * thread at a time, and closes them at its end. Classes among the properties have an instance
     * for each record that is deserialized at the same time.
     */
    public Builder<K, V> deserializers(Deserializer<K> key, Deserializer<V> value) {
      draft.consumer.keyDeserializer = Objects.requireNonNull(key, "key");
      draft.consumer.valueDeserializer = Objects.requireNonNull(value, "value");
      return this;
    }

    /**
     * The topics to subscribe to. Required.
     *
     * @throws IllegalArgumentException if a name is null or blank, or is not a legal topic name
     */
    public Builder<K, V> topics(String... topics) {
      draft.consumer.topics =
          Stream.of(topics).map(name -> Checks.topicName("topics(…)", name)).toList();
      return this;
    }

    /** Sets the function that handles a record. Required. */
    public Builder<K, V> handler(RecordHandler<K, V> given) {
      Objects.requireNonNull(given, "handler");
      draft.loop.handled("handler(…)", null, null);
      handler = given;
      return this;
    }

    /**
     * How many handlers may run at the same time. Default: 1.
     *
     * @throws IllegalArgumentException if the number is below 1
     */
    public Builder<K, V> concurrency(int handlers) {
      draft.loop.concurrency = Checks.positive("concurrency", handlers);
      return this;
    }

    /**
     * The largest number of records that a consumer holds: in handlers, waiting for a handler, and
     * waiting for a retry. In records. Default: 500. A consumer fetches the next records when all
     * of these are finished, so the number should be some times the {@link #concurrency}. The locks
     * of all held records are renewed, and no other member gets them.
     *
     * @throws IllegalArgumentException if the number is below 1
     */
    public Builder<K, V> lookAhead(int records) {
      draft.lookAhead = Checks.positive("the look-ahead", records);
      return this;
    }

    /**
     * The number of Kafka's consumers, each with a thread, a {@link #lookAhead} and a membership of
     * its own. Default: 1. Kafka's share consumer fetches no record while it holds an unfinished
     * one. So with one consumer a slow record holds up all later records of this loop. With several
     * consumers, it holds up the later records of one consumer. As long as the group has fewer
     * consumers than partitions, these are the records of the partitions of that consumer.
     * Otherwise, no partition is held up.
     *
     * @throws IllegalArgumentException if the number is below 1
     */
    public Builder<K, V> consumers(int number) {
      draft.consumers = Checks.positive("the number of consumers", number);
      return this;
    }

    /**
     * The number of attempts within one delivery of a record, including the first one, and the
     * delay between attempts. Default: 1 attempt. Each failure goes to {@link #onError}. The lock
     * is renewed meanwhile, and the consumer waits for the record: see {@link #consumers}. So keep
     * the delays short, and use {@link #redeliver} or dead letters for the rest.
     *
     * @throws IllegalArgumentException if the number is below 1
     */
    public Builder<K, V> retry(int attempts, Backoff backoff) {
      draft.loop.attempts = Checks.positive("the number of attempts", attempts);
      draft.loop.backoff = Objects.requireNonNull(backoff, "backoff");
      return this;
    }

    /**
     * Selects the failures that are retried or released. Default for handlers: all failures.
     * Default for deserializers: only network failures. A predicate that throws stops the loop.
     */
    public Builder<K, V> retryIf(Predicate<? super Throwable> retryable) {
      draft.loop.retryable = Objects.requireNonNull(retryable, "retryable");
      return this;
    }

    /**
     * Releases a record that has no attempt of {@link #retry} left, so that the broker delivers it
     * again, at once, to any member. After this number of deliveries, the first one included, the
     * record is given up: it becomes a dead letter, is rejected, or stops the loop. Default: 1.
     *
     * <p>The number must not be above {@code share.delivery.count.limit} of the group (Kafka's
     * default: 5), because the broker then drops the record. With a number above 1, the loop asks
     * the cluster for the limit when it starts, and ends with a failure if the number is above it.
     * Deliveries that end with a crash count too, so leave some room.
     *
     * @throws IllegalArgumentException if the number is below 1
     */
    public Builder<K, V> redeliver(int deliveries) {
      draft.deliveries = Checks.positive("the number of deliveries", deliveries);
      return this;
    }

    /**
     * Rejects a record that has no attempt left: the broker delivers it no more. Default: the loop
     * stops. If the group has a dead-letter queue of its own (Kafka 4.4), the broker puts the
     * record there. {@link #build} refuses this setting together with dead letters.
     */
    public Builder<K, V> rejectFailed() {
      draft.rejects = true;
      return this;
    }

    /**
     * The place for a record that has no attempt left. Default: none, and the loop stops. The
     * record is accepted when its letter is safe; a letter that is not accepted is sent again,
     * without a limit. {@link #build} refuses this setting together with {@link #deadLetterTopic}.
     */
    public Builder<K, V> deadLetters(DeadLetters letters) {
      draft.loop.deadLetters = Objects.requireNonNull(letters, "deadLetters");
      return this;
    }

    /**
     * The topic to which a record is published when it has no attempt left, as by {@link
     * DeadLetters#toTopic}. Default: none. The loop makes the producer from the consumer's
     * connection settings, and closes it. The record is accepted when the broker has acknowledged
     * the letter.
     */
    public Builder<K, V> deadLetterTopic(String topic) {
      draft.loop.deadLetterTopic = Checks.topicName("deadLetterTopic(…)", topic);
      return this;
    }

    /**
     * Keeps the messages of exceptions out of {@link #deadLetterTopic}: the headers carry an {@link
     * dev.millrace.errors.ErrorCode} instead. Default: the headers carry the messages.
     */
    public Builder<K, V> hideMessages() {
      draft.loop.hidesMessages = true;
      return this;
    }

    /**
     * The delay before a letter is sent again that the dead letters did not accept. Default: 1
     * second, doubled each time up to 30 seconds, ±20 %.
     */
    public Builder<K, V> deadLetterBackoff(Backoff backoff) {
      draft.loop.deadLetterBackoff = Objects.requireNonNull(backoff, "backoff");
      return this;
    }

    /**
     * Decides about a dead letter that can never be accepted, for example because it is too large.
     * Default: {@link RefusedLetters#keep}: its record stays locked, and holds up its consumer.
     */
    public Builder<K, V> refusedLetters(RefusedLetters policy) {
      draft.loop.refusedLetters = Objects.requireNonNull(policy, "refusedLetters");
      return this;
    }

    /**
     * Kafka's own settings for the producer of {@link #deadLetterTopic}. Default: none. The
     * connection settings are the consumer's.
     */
    public Builder<K, V> producerProperties(Map<String, ?> properties) {
      draft.loop.producerProperties = KafkaProperties.copy(properties);
      return this;
    }

    /** Like {@link #producerProperties(Map)}; includes the defaults of the properties object. */
    public Builder<K, V> producerProperties(Properties properties) {
      draft.loop.producerProperties = KafkaProperties.copy(properties);
      return this;
    }

    /** Starts without fetching, until {@link ShareLoop#resumeAll}. Default: fetches at once. */
    public Builder<K, V> startPaused() {
      draft.loop.pauses.addAll();
      return this;
    }

    /**
     * Receives failures that the loop survives. The listener must not block. An exception that it
     * throws is logged. Default: one line at warn for each failure, with the stack trace of the
     * first of its kind.
     */
    public Builder<K, V> onError(Consumer<? super Exception> listener) {
      draft.loop.onError = Objects.requireNonNull(listener, "onError");
      return this;
    }

    /**
     * Receives consume, settle and acknowledge events. {@link ConsumerObserver#assigned} is called
     * with the first record of a partition, {@link ConsumerObserver#committed} with each answer to
     * acknowledgements. There are no rebalances and no lag. Default: none.
     */
    public Builder<K, V> observer(ConsumerObserver observer) {
      draft.consumer.observer = Guarded.observer(Objects.requireNonNull(observer, "observer"));
      return this;
    }

    /** How long handlers may still run when the loop stops by itself. Default: 10 seconds. */
    public Builder<K, V> drainTimeout(Duration timeout) {
      draft.loop.drainTimeout = Checks.positive("the drain timeout", timeout);
      return this;
    }

    /** The time limit for the last acknowledgements and for leaving the group. Default: 10 s. */
    public Builder<K, V> closeTimeout(Duration timeout) {
      draft.consumer.closeTimeout = Checks.positive("the close timeout", timeout);
      return this;
    }

    /**
     * The time after which {@link dev.millrace.kafka.Health} reports a standstill as stuck.
     * Default: 1 minute. A loop is stuck in each of these cases. A record is not finished this long
     * after its first attempt began. A poll thread does nothing. The broker accepts no
     * acknowledgements. A member is not in its group.
     */
    public Builder<K, V> stuckAfter(Duration time) {
      draft.consumer.stuckAfter = Checks.positive("the time of stuckAfter(…)", time);
      return this;
    }

    /**
     * Builds the loop. It does nothing until {@link ShareLoop#run}.
     *
     * @throws IllegalArgumentException if a setting is missing or unsafe
     * @throws IllegalStateException if kafka-clients is older than 4.2
     */
    public ShareLoop<K, V> build() {
      return new ShareLoop<>(new ShareCore<>(draft, handler));
    }
  }
}
