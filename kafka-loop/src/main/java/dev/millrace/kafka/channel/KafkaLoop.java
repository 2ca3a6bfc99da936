package dev.millrace.kafka.channel;

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
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

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

  private final ChannelLoop<K, V> loop;

  private KafkaLoop(ChannelLoop<K, V> loop) {
    super(loop);
    this.loop = loop;
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
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
    loop.seekInside(name, offset);
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
      Drafts.consumer(this).factory = factory;
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
      Drafts.loop(this).handled(setting, batching, outputs);
      return this;
    }

    /** Makes the producer of transactions; for tests. */
    Builder<K, V> producerFactory(Function<Map<String, Object>, Producer<byte[], byte[]>> factory) {
      Drafts.loop(this).producerFactory = factory;
      return this;
    }

    @Override
    public KafkaLoop<K, V> build() {
      return new KafkaLoop<>(new ChannelLoop<>(Drafts.loop(this), handler));
    }
  }
}
