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
 * The main loop of a consumer application. One select waits for errors, notifications, the ends of
 * handlers, and close. The handlers take the records themselves.
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
 * <p>At least once: an offset is committed only when its record and all records before it in the
 * partition are settled: handled, or safe in the dead letters. Records are handled in virtual
 * threads, at most {@code concurrency} at the same time, in the order that the {@link Ordering}
 * promises. A thread handles many records, so a value in a {@link ThreadLocal} is still there for
 * the next record.
 *
 * <p>By default a record that cannot be handled or deserialized stops the loop. {@link
 * Builder#retry} and {@link Builder#deadLetters} change that. A record that waits for another
 * attempt keeps the records behind it waiting, but keeps no handler busy. A {@code
 * VirtualMachineError} (except {@code StackOverflowError}) or a {@code LinkageError} always stops
 * the loop.
 *
 * <p>A loop runs once. Thread-safe. {@link #run} returns when all threads of the loop have ended.
 * At the end, running handlers get {@code drainTimeout} to finish, and are then interrupted. If the
 * context is cancelled, they are interrupted at once. Records that were not handled will be
 * redelivered.
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
      running(consumer.core()); // before an observer calls the loop in the poll thread
      consumer.start();
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

  /**
   * Reports failures that came after the end of the main loop, for example of handlers that it
   * waited for.
   */
  private void tellRest(ChannelConsumer<K, V> consumer) {
    try {
      for (Exception error; (error = consumer.errors().tryReceive()) != null; ) {
        survived(error);
      }
    } catch (ChannelClosedException e) {
      LOG.debug("the consumer has ended, and no failure is left to report", e);
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

  /** The main loop; returns the failure of the consumer, or null if it did not fail. */
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
   * Continues at this offset, forwards or backwards, as if the partition had been revoked and
   * assigned again. Records that have not begun are dropped. No other record of the partition
   * begins before the running handlers end. The next commit has the new position. Blocks until the
   * poll thread has set the position.
   *
   * <p>A call by a handler, a listener or an observer of this loop returns at once, because the
   * poll thread may wait for such code. If the position then cannot be set, {@code onError}
   * receives the failure.
   *
   * @throws IllegalStateException if the loop does not run, or the partition is not assigned to
   *     this member
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void seek(TopicPartition name, long offset) throws InterruptedException {
    seekInside(name, offset);
  }

  /** The settings of a loop, with their defaults. Not thread-safe. */
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

    /** Sets the function that handles a record; instead of a {@link #batchHandler}. */
    public Builder<K, V> handler(RecordHandler<K, V> given) {
      Objects.requireNonNull(given, "handler");
      return handler("handler(…)", BatchFunction.ofOne(given), null, null);
    }

    /**
     * Sets the function that handles records in batches; instead of a {@link #handler}. A batch is
     * handled when a handler is free, and the batch is full or its first record has waited for
     * {@code linger}. While no handler is free, the batch grows up to {@code size}.
     *
     * <p>A failed batch is tried again as a whole. When it has no attempt left and there are dead
     * letters, each of its records is handled alone, with the same number of attempts. So a bad
     * record does not take other records with it. A {@link dev.millrace.kafka.BatchFailedException}
     * avoids this detour, because it names the failed record. A record that cannot be deserialized
     * is in no batch.
     *
     * @param size the largest number of records in a batch
     * @param linger how long the first record waits for others while a handler is free; may be zero
     * @throws IllegalArgumentException if the size is below 1, or the linger is negative
     */
    public Builder<K, V> batchHandler(int size, Duration linger, BatchHandler<K, V> given) {
      Objects.requireNonNull(given, "handler");
      return handler("batchHandler(…)", BatchFunction.of(given), new Batching(size, linger), null);
    }

    /**
     * Sets the function that makes new records of a record, exactly once; instead of a {@link
     * #handler}. The outputs of the handler, the dead letters of {@link #deadLetterTopic} and the
     * offsets are committed in transactions: one each {@link #commitInterval}, or after {@link
     * #commitEvery} records. The consumer reads only committed records, unless {@link #properties}
     * say otherwise. Other effects of the handler may happen more than once.
     *
     * @param key serializes the keys; must be thread-safe; closed at the end
     * @param value serializes the values; must be thread-safe; closed at the end
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
