package dev.millrace.kafka.reactor;

import dev.millrace.context.Context;
import dev.millrace.kafka.AbstractLoop;
import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.internal.drafts.Drafts;
import dev.millrace.kafka.internal.handling.BatchFunction;
import dev.millrace.kafka.internal.serde.Serialization;
import dev.millrace.kafka.internal.settings.Batching;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.kafka.receiver.ReceiverOptions;

/**
 * The main loop of a consumer application on Reactor, over Reactor Kafka's {@code KafkaReceiver}.
 *
 * <pre>{@code
 * var loop =
 *     ReactorKafkaLoop.<String, String>builder()
 *         .receiverOptions(options) // of the KafkaReceiver; or properties(…) and topics(…)
 *         .ordering(Ordering.KEY)
 *         .concurrency(256)
 *         .handler(record -> store.save(record.value()))
 *         .build();
 * loop.run().subscribe();
 * }</pre>
 *
 * <p>It makes the same promises as {@code KafkaLoop}: at least once, the {@link Ordering}, retries
 * and dead letters, and a pause of full partitions only. The thread of the receiver subscribes,
 * polls and closes. The code around a poll, and the code that commits, are the same for both loops.
 *
 * <p>A virtual thread of the loop calls the function of {@link Builder#handler}, one call at a
 * time. {@code concurrency} limits the number of publishers that have not ended. The loop
 * subscribes to a publisher with the Reactor context of the subscriber of {@link #run()}. That
 * context also has the loop's {@link Context} under {@code Context.class}. The same {@code Context}
 * is the current context of the function.
 *
 * <p>A loop runs once. Thread-safe. Only {@link #run(Context)} and {@link #drain} block.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class ReactorKafkaLoop<K, V> extends AbstractLoop<K, V> {

  private final ReactorLoop<K, V> loop;

  private ReactorKafkaLoop(ReactorLoop<K, V> loop) {
    super(loop);
    this.loop = loop;
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
  }

  /**
   * Consumes, from the subscription on, until the loop is drained or fails. Then it commits the
   * settled records and leaves the group. When it completes, all threads of the loop have ended,
   * except for handlers that ignored their interrupt. Completes at once if the loop was drained
   * before.
   *
   * <p>At the end, running handlers get {@code drainTimeout} to finish, and are then cancelled. A
   * cancellation of the subscription cancels them at once, commits the settled records, and leaves
   * the group; {@link #drained} completes when that is done.
   *
   * <p>If the subscriber's context has a {@link Context} under {@code Context.class}, it is the
   * parent of the loop's context. The error signal is a {@link CancellationException}, the failure
   * of the consumer, or a {@link dev.millrace.kafka.RecordFailedException}. The last one names the
   * record that stops the loop, and has the handler's exception as its cause.
   */
  public Mono<Void> run() {
    return loop.run();
  }

  /**
   * Like {@link #drain}, but does not block: the returned publisher completes when {@code drain}
   * would return. The drain starts with the subscription. Inside the publisher of a handler of this
   * loop, it completes at once, because the loop waits for that handler.
   *
   * @param timeout how long handlers may still run; afterwards they are cancelled
   * @throws IllegalArgumentException if the timeout is not positive
   */
  public Mono<Void> drained(Duration timeout) {
    return loop.drained(timeout);
  }

  /**
   * Continues at this offset, forwards or backwards, as if the partition had been revoked and
   * assigned again. Records that have not begun are dropped. No other record of the partition
   * begins before the running handlers end. The next commit has the new position. Completes when
   * the receiver's thread has set the position. Fails with an {@link IllegalStateException} if the
   * loop does not run, or the partition is not assigned to this member.
   *
   * <p>Inside the publisher of a handler of this loop, it completes at once, because the receiver's
   * thread may wait for that handler. If the position then cannot be set, {@code onError} receives
   * the failure.
   */
  public Mono<Void> seek(TopicPartition name, long offset) {
    return loop.seek(name, offset);
  }

  /** The settings of a loop, with their defaults. Not thread-safe. */
  public static final class Builder<K, V> extends LoopBuilder<K, V, Builder<K, V>> {
    private ReceiverOptions<K, V> options = ReceiverOptions.create();
    private @Nullable BatchFunction<K, V> handler;

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

    /** Makes the producer of transactions; for tests. */
    Builder<K, V> producerFactory(Function<Map<String, Object>, Producer<byte[], byte[]>> factory) {
      Drafts.loop(this).producerFactory = factory;
      return this;
    }

    /**
     * Takes over the options of a receiver, instead of {@link #properties}, {@link #topics} and
     * {@link #deserializers}. The assignment, revocation and consumer listeners of the options are
     * called. The revocation listener is called when the handlers have ended and the settled
     * records are committed. The loop ignores the options for commits and back pressure, because it
     * has its own.
     *
     * @throws IllegalArgumentException if the options assign partitions
     */
    public Builder<K, V> receiverOptions(ReceiverOptions<K, V> receiverOptions) {
      if (receiverOptions.assignment() != null) {
        throw new IllegalArgumentException(
            "the group of the loop assigns the partitions: use subscription(…), not assignment(…)");
      }
      options = receiverOptions;
      Drafts.consumer(this).properties(receiverOptions.consumerProperties());
      if (receiverOptions.subscriptionTopics() != null) {
        topics(receiverOptions.subscriptionTopics().toArray(String[]::new));
      }
      if (receiverOptions.subscriptionPattern() != null) {
        topics(receiverOptions.subscriptionPattern());
      }
      Drafts.consumer(this).keyDeserializer = receiverOptions.keyDeserializer();
      Drafts.consumer(this).valueDeserializer = receiverOptions.valueDeserializer();
      return this;
    }

    /**
     * Sets the function that handles a record. The record is handled when the publisher completes.
     * The emitted values are dropped. One thread calls the function, so it should not block for
     * long.
     */
    public Builder<K, V> handler(
        Function<? super ConsumerRecord<K, V>, ? extends Publisher<?>> given) {
      Objects.requireNonNull(given, "handler");
      return handler("handler(…)", reactiveOne(given, null), null, null);
    }

    /**
     * Sets the deserializers and the functions for each topic, instead of {@link #handler} and
     * {@link #deserializers}. For functions that may block, see {@link #routes}.
     */
    public Builder<K, V> reactiveRoutes(ReactiveRoutes routes) {
      handler = ReactiveRoutes.handler(routes.table);
      Drafts.loop(this).routed("reactiveRoutes(…)", routes.table);
      return this;
    }

    /**
     * Sets the function that handles a record, and that may block. Virtual threads call it, at most
     * {@code concurrency} at the same time. A thread may handle several records, one after the
     * other.
     */
    public Builder<K, V> blockingHandler(RecordHandler<K, V> given) {
      Objects.requireNonNull(given, "handler");
      return handler("blockingHandler(…)", BatchFunction.ofOne(given), null, null);
    }

    /**
     * Sets the function that handles records in batches; instead of a {@link #handler}. The records
     * are handled when the publisher completes. The emitted values are dropped. One thread calls
     * the function, so it should not block for long.
     *
     * <p>Batches are gathered as in {@code KafkaLoop}. A batch is handled when a handler is free,
     * and the batch is full or its first record has waited for {@code linger}. While no handler is
     * free, the batch grows up to {@code size}. A failed batch without attempts left is taken apart
     * as in {@code KafkaLoop}. An error that is a {@link dev.millrace.kafka.BatchFailedException}
     * names the failed record.
     *
     * @param size the largest number of records in a batch
     * @param linger how long the first record waits for others while a handler is free; may be zero
     * @throws IllegalArgumentException if the size is below 1, or the linger is negative
     */
    public Builder<K, V> batchHandler(
        int size,
        Duration linger,
        Function<? super List<ConsumerRecord<K, V>>, ? extends Publisher<?>> given) {
      Objects.requireNonNull(given, "handler");
      return handler(
          "batchHandler(…)", new ReactiveHandler<>(given, null), new Batching(size, linger), null);
    }

    /**
     * Like {@link #batchHandler}, with a function that may block. It is called in a virtual thread
     * for each batch.
     */
    public Builder<K, V> blockingBatchHandler(int size, Duration linger, BatchHandler<K, V> given) {
      Objects.requireNonNull(given, "handler");
      return handler(
          "blockingBatchHandler(…)", BatchFunction.of(given), new Batching(size, linger), null);
    }

    /**
     * Sets the function that makes new records of a record, exactly once; instead of a {@link
     * #handler}. The record is handled when the publisher completes. The emitted values are then
     * produced, in their order. If the publisher fails, nothing is produced.
     *
     * <p>The outputs, the dead letters of {@link #deadLetterTopic} and the offsets are committed in
     * transactions, as in {@code KafkaLoop}. Other effects of the publisher may happen more than
     * once. One thread calls the function, so it should not block for long.
     *
     * @param key serializes the keys, in virtual threads; must be thread-safe; closed at the end
     * @param value serializes the values, in virtual threads; must be thread-safe; closed at the
     *     end
     */
    public <A, B> Builder<K, V> transactionalHandler(
        Serializer<A> key,
        Serializer<B> value,
        Function<? super ConsumerRecord<K, V>, ? extends Publisher<ProducerRecord<A, B>>> given) {
      Objects.requireNonNull(given, "handler");
      var outputs = new Serialization<>(key, value);
      return handler("transactionalHandler(…)", reactiveOne(given, outputs::apply), null, outputs);
    }

    /**
     * Like {@link #transactionalHandler}, with a function that may block. Virtual threads call it,
     * as they call a {@link #blockingHandler}.
     */
    public <A, B> Builder<K, V> blockingTransactionalHandler(
        Serializer<A> key, Serializer<B> value, TransactionalHandler<K, V, A, B> given) {
      Objects.requireNonNull(given, "handler");
      var outputs = new Serialization<>(key, value);
      return handler(
          "blockingTransactionalHandler(…)",
          BatchFunction.producing(outputs, given),
          null,
          outputs);
    }

    private static <K, V, T> ReactiveHandler<K, V, T> reactiveOne(
        Function<? super ConsumerRecord<K, V>, ? extends Publisher<? extends T>> given,
        @Nullable Function<? super T, ProducerRecord<byte[], byte[]>> output) {
      return new ReactiveHandler<>(records -> given.apply(records.getFirst()), output);
    }

    private Builder<K, V> handler(
        String setting,
        BatchFunction<K, V> given,
        @Nullable Batching batching,
        @Nullable Serialization<?, ?> outputs) {
      handler = given;
      Drafts.loop(this).handled(setting, batching, outputs);
      return this;
    }

    @Override
    public ReactorKafkaLoop<K, V> build() {
      return new ReactorKafkaLoop<>(new ReactorLoop<>(Drafts.loop(this), options, handler));
    }
  }
}
