package dev.millrace.kafka.channel;

import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.builder.ConsumerBuilder;
import dev.millrace.kafka.internal.drafts.Drafts;
import dev.millrace.kafka.internal.properties.Checks;
import dev.millrace.kafka.internal.properties.KafkaProperties;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.report.FailureLog;
import dev.millrace.kafka.internal.report.Guarded;
import dev.millrace.kafka.internal.serde.DeserializersClosedException;
import dev.millrace.kafka.internal.serde.Serialization;
import dev.millrace.kafka.internal.serde.UnreadableException;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.SourceTransactions;
import dev.millrace.kafka.internal.text.Logs;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka as the source of a pipeline. A record is settled when every element that the pipeline has
 * made of it has reached its end, as {@link Source#settling} says. Only settled records are
 * committed.
 *
 * <pre>{@code
 * KafkaSource<String, Order> orders =
 *     KafkaSource.<String, Order>builder().properties(…).topics("orders").build();
 * Pipeline<Long> job =
 *     orders.pipe("orders")
 *         .mapParallel("enrich", 64, this::lookup)
 *         .batch("batch", 500, Duration.ofSeconds(1))
 *         .to(Sink.forEach(store::saveAll));
 * }</pre>
 *
 * <p>At least once: records that a cancelled or failed run leaves unsettled will be redelivered.
 * {@link Run#drain} lets the records under way reach their end, commits them, and leaves the group.
 * The pipeline requests records. A partition is paused when enough of its records are under way.
 * Polling never stops.
 *
 * <p>If the consumer fails, it commits the settled records. The run fails with the consumer's cause
 * when the source is next asked for a record. Without a buffer behind the source, this is when the
 * next stage has ended. Records under way are not settled, and will be redelivered.
 *
 * <p>A rebalance waits for the records of a revoked partition, at most {@code revokeTimeout}.
 * Records that are not settled by then are handed out again, to the new owner of the partition. The
 * old ones still run to their end, and are not committed. So bound the time of a batch, by less
 * than {@code revokeTimeout}.
 *
 * <p>With {@link Builder#transactional()}, a pipeline is exactly once from Kafka to Kafka: {@link
 * #sink} produces in the transaction that commits the offsets.
 *
 * <p>Each run has a consumer of its own, and closes it at its end. Thread-safe. No method of this
 * class blocks.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class KafkaSource<K, V> {

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  /** The shortest time that listeners get for the last events, after the consumer has closed. */
  private static final Duration SPARE = Duration.ofMillis(500);

  private final ConsumerSettings<K, V> settings;
  private final Consumer<? super Exception> onError;
  private final Consumer<? super Notification> onNotification;
  private final Settling<K, V> settling = new Settling<>();

  /** The number of outputs in transactions. */
  private final AtomicLong order = new AtomicLong();

  private final @Nullable String deadLetterTopic;
  private volatile @Nullable ChannelConsumer<K, V> latest;

  private KafkaSource(Builder<K, V> builder, ConsumerSettings<K, V> settings) {
    this.settings = settings;
    this.onError = builder.onError;
    this.onNotification = builder.onNotification;
    this.deadLetterTopic = builder.transactions.deadLetterTopic;
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
  }

  /**
   * The records, as a pipe of two stages: {@code name}, which delivers the records, and {@code
   * name/deserialize}. A record that cannot be deserialized is a failure of {@code
   * name/deserialize}. The failure handler of the run receives it, with the {@link Message} as the
   * element.
   */
  public Pipe<ConsumerRecord<K, V>> pipe(String name) {
    return pipe(name, FailurePolicy.report());
  }

  /**
   * Like {@link #pipe(String)}, but records that cannot be deserialized go to the dead letters, and
   * are then settled. If the dead letters fail, the run stops. These letters are not part of a
   * transaction; {@link #toDeadLetters} is.
   */
  public Pipe<ConsumerRecord<K, V>> pipe(String name, DeadLetters undeserializable) {
    Objects.requireNonNull(undeserializable, "undeserializable");
    return pipe(
        name,
        FailurePolicy.deadLetters(
            failure -> {
              if (failure.cause() instanceof DeserializersClosedException closed) {
                throw closed; // the record is not to blame
              }
              undeserializable.accept(letter(failure));
            }));
  }

  private Pipe<ConsumerRecord<K, V>> pipe(String name, FailurePolicy undeserializable) {
    return Pipe.from(name, Source.settling(this::open, settling))
        .onFailure(undeserializable)
        .map(name + "/deserialize", Message::record)
        .onFailure(FailurePolicy.report());
  }

  /**
   * A sink that produces in the transactions of this source: {@link TransactionalSink} has the
   * guarantee. A pipeline with the sink has one {@link #pipe} of this source and no other source
   * above the sink; {@code start} refuses other pipelines.
   *
   * @param name the name of the sink's stage
   * @param function makes the record of an element; may block. An exception makes the element a
   *     failure
   * @param key serializes the keys; thread-safe. The caller configures and closes it
   * @param value serializes the values; thread-safe. The caller configures and closes it
   * @throws IllegalStateException if the source is not {@link Builder#transactional()}
   */
  public <T, A, B> TransactionalSink<T> sink(
      String name,
      StageFunction<? super T, ProducerRecord<A, B>> function,
      Serializer<A> key,
      Serializer<B> value) {
    refuseWithoutTransactions("sink(…)");
    return new TransactionalSink<>(
        name,
        new Producing.Maker<>(name, function, new Serialization<>(key, value), settling, order));
  }

  /**
   * A failure handler for a pipeline of this source: for the run, or for a stage by {@link
   * FailurePolicy#deadLetters}. Each record that the failed element was made of becomes a dead
   * letter in {@link Builder#deadLetterTopic}, in the transaction that commits the record. A record
   * becomes one dead letter, for its first failure. Other outputs of the record stay in the
   * transaction. The handler does not block. It stops the run if the failed element was made of no
   * record of this source.
   *
   * @throws IllegalStateException if the source is not {@link Builder#transactional()}, or has no
   *     dead-letter topic
   */
  public StageConsumer<Failure<?>> toDeadLetters() {
    refuseWithoutTransactions("toDeadLetters()");
    String topic = deadLetterTopic;
    if (topic == null) {
      throw new IllegalStateException(
          "toDeadLetters() needs a topic: call deadLetterTopic(…) of the builder of the source");
    }
    return new LettersInTransaction(topic, settings.group(), settling, order);
  }

  private void refuseWithoutTransactions(String what) {
    if (settings.transactions == null) {
      throw new IllegalStateException(
          what + " needs a source with transactions: call transactional() of its builder");
    }
  }

  /** The dead letter of a record that cannot be deserialized. */
  static DeadLetter letter(Failure<?> failure) {
    var message = (Message<?, ?>) failure.element();
    return new DeadLetter(
        message.raw(),
        failure.cause() instanceof UnreadableException ? DeadLetter.FETCH : DeadLetter.DESERIALIZE,
        failure.attempt(),
        failure.cause());
  }

  /** The health of the run that was started last. Does not ask the broker. */
  public Health health() {
    ChannelConsumer<K, V> consumer = latest;
    return consumer == null
        ? new Health(State.STARTING, "no pipeline runs yet")
        : consumer.health();
  }

  /** The progress of each partition of the run that was started last. Does not ask the broker. */
  public List<PartitionStatus> partitions() {
    ChannelConsumer<K, V> consumer = latest;
    return consumer == null ? List.of() : consumer.partitions();
  }

  private Source.Cursor<Message<K, V>> open(Context context) {
    var records =
        new Records<>(
            new ChannelConsumer<>(settings), settings.closeTimeout, onError, onNotification);
    latest = records.consumer;
    return records;
  }

  /** Settles or abandons the messages of a pipeline. Each source has its own. */
  private static final class Settling<K, V> implements Settlement<Message<K, V>> {
    @Override
    public void settled(Message<K, V> message) {
      message.settle();
    }

    @Override
    public void abandoned(Message<K, V> message) {
      message.abandon();
    }
  }

  /** The records of one run. */
  private static final class Records<K, V> implements Source.Cursor<Message<K, V>> {
    private final ChannelConsumer<K, V> consumer;
    private final Duration closeTimeout;
    private final Thread errors;
    private final Thread notifications;

    Records(
        ChannelConsumer<K, V> consumer,
        Duration closeTimeout,
        Consumer<? super Exception> onError,
        Consumer<? super Notification> onNotification) {
      this.consumer = consumer;
      this.closeTimeout = closeTimeout;
      this.errors = listen(consumer.errors(), error -> Guarded.tell("onError(…)", onError, error));
      this.notifications =
          listen(
              consumer.notifications(),
              change -> Guarded.run("onNotification(…)", () -> onNotification.accept(change)));
    }

    private static <T> Thread listen(Iterable<T> channel, Consumer<? super T> listener) {
      return Thread.ofVirtual().name("millrace-listen").start(() -> tell(channel, listener));
    }

    private static <T> void tell(Iterable<T> channel, Consumer<? super T> listener) {
      try {
        for (T each : channel) {
          listener.accept(each);
        }
      } catch (RuntimeException e) { // the run reports the cause that the channel was closed with
        LOG.debug("the consumer has ended", e);
      }
    }

    @Override
    public @Nullable Message<K, V> next() throws Exception {
      Message<K, V> message = consumer.messages().receiveOrNull();
      while (message != null && !message.begin()) { // its partition was revoked
        message = consumer.messages().receiveOrNull();
      }
      return message;
    }

    /**
     * Commits the settled records, and leaves the group. A listener that still blocks at the end of
     * the close timeout is interrupted and left behind.
     */
    @Override
    public void close() {
      long deadline = Time.nanoTime() + closeTimeout.toNanos();
      boolean _ = consumer.close(deadline);
      long last = Math.max(deadline - Time.nanoTime(), SPARE.toNanos()) + Time.nanoTime();
      for (Thread listener : List.of(errors, notifications)) {
        if (!Ends.join(listener, last)) {
          LOG.warn(
              "a listener of the source has not ended within the close timeout and is left behind,"
                  + " at: {}",
              Ends.place(listener));
          listener.interrupt();
        }
      }
      if (!consumer.core().isAllCommitted()) {
        throw new KafkaException(
            "the last transaction of the source was not committed: its records will be redelivered."
                + " onError(…) received the reason");
      }
    }
  }

  /** The settings of a source, with their defaults. Not thread-safe. */
  public static final class Builder<K, V> extends ConsumerBuilder<K, V, Builder<K, V>> {
    private Consumer<? super Exception> onError = new FailureLog()::survived;
    private Consumer<? super Notification> onNotification = n -> LOG.info("{}", n);
    private final SourceTransactions transactions = new SourceTransactions();

    private Builder() {
      Drafts.consumer(this).ordering = Ordering.UNORDERED;
      Drafts.consumer(this).overlapping = true;
    }

    @Override
    protected Builder<K, V> self() {
      return this;
    }

    /** Makes the consumer; for tests. */
    Builder<K, V> factory(
        Function<Map<String, Object>, org.apache.kafka.clients.consumer.Consumer<byte[], byte[]>>
            factory) {
      Drafts.consumer(this).factory = factory;
      return this;
    }

    /**
     * Decides which records wait until other records are <i>settled</i>. Default: {@link
     * Ordering#UNORDERED}: records are delivered in the order of their partition, and no record
     * waits. Each stage of the pipeline says how far it keeps that order; {@code mapKeyed} and
     * {@code partitionBy} keep the order of each key.
     *
     * <p>With {@link Ordering#PARTITION} or {@link Ordering#KEY}, a record is delivered when the
     * record before it has left the pipeline. A batch would then wait for a record that waits for
     * the batch. So with these orderings, use only batches that have a time limit.
     */
    @Override
    public Builder<K, V> ordering(Ordering ordering) {
      return super.ordering(ordering);
    }

    /**
     * {@inheritDoc}
     *
     * <p>In a pipeline, a stage that holds more records than this, such as a large batch, never
     * receives another one.
     */
    @Override
    public Builder<K, V> lookAhead(int records) {
      return super.lookAhead(records);
    }

    /**
     * {@inheritDoc}
     *
     * <p>In a pipeline, the time limit of a batch should be shorter. Otherwise its records are
     * delivered twice when a partition is revoked.
     */
    @Override
    public Builder<K, V> revokeTimeout(Duration timeout) {
      return super.revokeTimeout(timeout);
    }

    /**
     * Receives failures that the source survives. The listener must not block. An exception that it
     * throws is logged. Default: one line at warn for each failure, with the stack trace of the
     * first of its kind.
     */
    public Builder<K, V> onError(Consumer<? super Exception> listener) {
      onError = Objects.requireNonNull(listener, "onError");
      return this;
    }

    /**
     * Receives the result of each rebalance. The listener must not block. An exception that it
     * throws is logged. Default: one line at info.
     */
    public Builder<K, V> onNotification(Consumer<? super Notification> listener) {
      onNotification = Objects.requireNonNull(listener, "onNotification");
      return this;
    }

    /**
     * Lets pipelines produce in the transactions that commit the offsets, by {@link
     * KafkaSource#sink} and {@link KafkaSource#toDeadLetters}. Default: offsets are committed
     * alone. The producer has the connection settings of the consumer. Each run has a producer and
     * a {@code transactional.id} of its own. The consumer reads committed records only, unless
     * {@code isolation.level} is set.
     */
    public Builder<K, V> transactional() {
      return transactional(Map.of());
    }

    /**
     * Like {@link #transactional()}, with Kafka's own properties of the producer, such as {@code
     * transaction.timeout.ms}. Default of that timeout: 10 seconds. With a {@code transactional.id}
     * among them, a second run at the same time stops the first one.
     *
     * @throws IllegalArgumentException if a name or a value is null. {@link #build} refuses unsafe
     *     values
     */
    public Builder<K, V> transactional(Map<String, ?> producerProperties) {
      transactions.isOn = true;
      transactions.properties = KafkaProperties.copy(producerProperties);
      return this;
    }

    /**
     * The topic for the dead letters of a {@link #transactional()} source. Default: none. It gets
     * the letters of {@link KafkaSource#toDeadLetters}. It also gets the source records of an
     * output that the broker refuses, because it is too large or its topic is not valid. Without a
     * topic, such an output stops the run. A letter that is not accepted is repeated without a
     * limit, and its partition waits.
     *
     * @throws IllegalArgumentException if the name is not a legal topic name
     */
    public Builder<K, V> deadLetterTopic(String topic) {
      transactions.deadLetterTopic = Checks.topicName("deadLetterTopic(…)", topic);
      return this;
    }

    /** Makes the producer; for tests. */
    Builder<K, V> producerFactory(Function<Map<String, Object>, Producer<byte[], byte[]>> made) {
      transactions.factory = made;
      return this;
    }

    /**
     * Builds the source. It does nothing until a pipeline is started.
     *
     * @throws IllegalArgumentException if a setting is missing or unsafe
     */
    public KafkaSource<K, V> build() {
      return new KafkaSource<>(this, Drafts.consumer(this).checked(transactions));
    }
  }
}
