package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import dev.millrace.kafka.AbstractLoop;
import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.LoopBuilder;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.handling.BatchFunction;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.serde.Serialization;
import dev.millrace.kafka.internal.settings.Batching;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.FailurePolicy;
import dev.millrace.kafka.internal.settings.LoopSettings;
import dev.millrace.kafka.internal.settings.OwnProducer;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main loop of a consumer application: one select over errors, notifications, the ends of
 * handlers and close, while handlers take the records themselves.
 *
 * <pre>{@code
 * var loop =
 *     KafkaLoop.<String, String>builder()
 *         .properties(Map.of("bootstrap.servers", "localhost:9092", "group.id", "shop", …))
 *         .topics("orders")
 *         .ordering(Ordering.KEY)
 *         .concurrency(64)
 *         .handler(record -> store.save(record.value()))
 *         .build();
 * loop.run(context);
 * }</pre>
 *
 * <p>At least once: an offset is committed only when its record and all before it in the partition
 * are settled: handled, or safe in the dead letters. Records are handled in virtual threads, {@code
 * concurrency} at the most at the same time, in the order that the {@link Ordering} promises. A
 * thread handles one record after the other, so what it keeps in a {@link ThreadLocal} is there for
 * the next one.
 *
 * <p>A record that the handler fails on, or that cannot be deserialized, stops the loop, unless it
 * is told to {@link Builder#retry retry} and where to put {@link Builder#deadLetters dead letters}.
 * A record that waits for another attempt keeps those behind it waiting, but no handler busy. An
 * {@link Error} always stops the loop.
 *
 * <p>A loop runs once. All methods may be called by any thread. {@link #run} returns when no thread
 * of the loop is alive; until then handlers that run are waited for ({@code drainTimeout} at the
 * most) and after that interrupted, and what they have not handled comes again. If the context is
 * cancelled they are interrupted at once.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class KafkaLoop<K, V> extends AbstractLoop<K, V> {

  private enum Event {
    HANDLERS,
    CLOSED,
    DRAIN,
    CANCELLED,
    OTHER
  }

  private static final Logger LOG = LoggerFactory.getLogger(KafkaLoop.class);

  private final BatchFunction<K, V> handler;
  private final Channel<Boolean> draining = Channel.rendezvous();

  private KafkaLoop(
      ConsumerSettings<K, V> settings, LoopSettings loop, @Nullable BatchFunction<K, V> handler) {
    super(settings, loop);
    this.handler =
        Objects.requireNonNull(
            handler, "no handler: call handler(…), batchHandler(…) or transactionalHandler(…)");
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
  }

  @Override
  protected @Nullable Throwable consume(Context context, @Nullable OwnProducer letters)
      throws InterruptedException {
    var workers = new Workers<K, V>(loop().concurrency);
    var consumer = consumer(workers);
    var group = TaskGroup.collecting(context);
    try {
      running(consumer.core());
      workers.begin(group, handling(letters, consumer, group.context()));
      Throwable failure = select(consumer, workers, group.context());
      workers.await(drainTimeout());
      tellRest(consumer);
      return workers.failure() != null ? workers.failure() : failure;
    } finally {
      workers.close();
      interrupt(group, () -> workers.running(settings().group()));
      if (!consumer.close(closeDeadline())) {
        survived(stuckPoll(consumer.place()));
      }
    }
  }

  /** What has failed since the main loop ended: of handlers that it has waited for, say. */
  private void tellRest(ChannelConsumer<K, V> consumer) {
    try {
      for (Exception error; (error = consumer.errors().tryReceive()) != null; ) {
        survived(error);
      }
    } catch (ChannelClosedException e) {
      LOG.debug("the consumer has ended, and there is nothing left to tell", e);
    }
  }

  private ChannelConsumer<K, V> consumer(Workers<K, V> workers) {
    return new ChannelConsumer<>(settings(), settings().batching == null ? workers::attach : null);
  }

  private Handling<K, V> handling(
      @Nullable OwnProducer letters, ChannelConsumer<K, V> consumer, Context context) {
    FailurePolicy policy = loop().policy(letters);
    return new Handling<>(
        settings().group(), handler, policy, context::isCancelled, e -> report(consumer, e));
  }

  /** By the threads of handlers; the main loop tells the listener, unless it has ended. */
  private void report(ChannelConsumer<K, V> consumer, Exception error) {
    if (!consumer.report(error)) {
      synchronized (draining) { // one thread at a time calls the listener
        survived(error);
      }
    }
  }

  /** The main loop; what the consumer failed with, if it did. */
  private @Nullable Throwable select(
      ChannelConsumer<K, V> consumer, Workers<K, V> workers, Context context)
      throws InterruptedException {
    Select<Event> select =
        new Select<Event>()
            .onReceive(consumer.batches(), batch -> batch(workers, batch), () -> Event.CLOSED)
            .when(workers::mayTake)
            .onReceive(consumer.errors(), this::error, () -> Event.CLOSED)
            .onReceive(consumer.notifications(), this::notification, () -> Event.CLOSED)
            .onReceive(workers.events(), one -> Event.HANDLERS)
            .onReceive(draining, one -> Event.DRAIN, () -> Event.DRAIN)
            .onDone(context, () -> Event.CANCELLED);
    while (true) {
      switch (select.select()) {
        case CLOSED -> {
          return consumer.messages().closeCause();
        }
        case DRAIN, CANCELLED -> {
          return null;
        }
        case HANDLERS -> {
          if (workers.failure() != null) {
            return null;
          }
        }
        case OTHER -> {}
      }
    }
  }

  private Event batch(Workers<K, V> workers, List<Delivery<K, V>> batch) {
    workers.give(Attempt.first(batch));
    return Event.OTHER;
  }

  private Event error(Exception error) {
    survived(error);
    return Event.OTHER;
  }

  private Event notification(Notification notification) {
    rebalanced(notification);
    return Event.OTHER;
  }

  @Override
  protected void wake() {
    draining.close();
  }

  /**
   * Goes on at that offset, forwards or back, as if the partition had been taken away and come
   * back: what was not begun is forgotten, handlers that run are waited for before others begin,
   * and the commit follows the new position. Blocks until the poll thread has done it.
   *
   * <p>A handler, a listener or an observer of this loop, for which the poll thread may wait, does
   * not wait for the poll thread: {@code onError} is told if the position cannot be set.
   *
   * @throws IllegalStateException if the loop does not run, or has not got the partition
   */
  public void seek(TopicPartition name, long offset) throws InterruptedException {
    seekInside(name, offset);
  }

  /** Settings with defaults; not safe for use by many threads. */
  public static final class Builder<K, V> extends LoopBuilder<K, V, Builder<K, V>> {
    private @Nullable BatchFunction<K, V> handler;

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

    /** What to do with a record; instead of a {@link #batchHandler}. */
    public Builder<K, V> handler(RecordHandler<K, V> given) {
      Objects.requireNonNull(given, "handler");
      return handler("handler(…)", BatchFunction.ofOne(given), null, null);
    }

    /**
     * What to do with records that are handled together; instead of a {@link #handler}. A batch is
     * handled when it is full, or its first record has waited, and a handler is free. While none is
     * it grows.
     *
     * <p>One that fails is tried again as a whole. When no attempt is left and there are dead
     * letters, each of its records is handled by itself, with as many attempts, so that one that is
     * bad takes no others with it; a {@link dev.millrace.kafka.BatchFailedException} spares that,
     * as it says which one it is. Records that can not be deserialized are in no batch.
     *
     * @param size how many records there may be in a batch
     * @param linger how long a record may wait for others while a handler is free; may be zero
     */
    public Builder<K, V> batchHandler(int size, Duration linger, BatchHandler<K, V> given) {
      Objects.requireNonNull(given, "handler");
      return handler("batchHandler(…)", BatchFunction.of(given), new Batching(size, linger), null);
    }

    /**
     * What to make of a record exactly once; instead of a {@link #handler}. What the handler gives
     * to its output, the dead letters of {@link #deadLetterTopic} and the offsets are committed in
     * transactions: one each {@link #commitInterval}, or after {@link #commitEvery} records. The
     * consumer reads committed records only, if its {@link #properties} do not say otherwise. What
     * else the handler does may be done again.
     *
     * @param key serializes the keys, by several threads at once; closed at the end
     * @param value serializes the values; likewise
     */
    public <A, B> Builder<K, V> transactionalHandler(
        Serializer<A> key, Serializer<B> value, TransactionalHandler<K, V, A, B> given) {
      Objects.requireNonNull(given, "handler");
      var outputs = new Serialization<>(key, value);
      return handler(
          "transactionalHandler(…)", BatchFunction.producing(outputs, given), null, outputs);
    }

    private Builder<K, V> handler(
        String setting,
        BatchFunction<K, V> given,
        @Nullable Batching batching,
        @Nullable Serialization<?, ?> outputs) {
      handler = given;
      handled(setting, batching, outputs);
      return this;
    }

    /** Makes the producer of transactions; for tests. */
    Builder<K, V> producerFactory(Function<Map<String, Object>, Producer<byte[], byte[]>> factory) {
      loop().producerFactory = factory;
      return this;
    }

    @Override
    public KafkaLoop<K, V> build() {
      return new KafkaLoop<>(checked(), loop().copy(), handler);
    }
  }
}
