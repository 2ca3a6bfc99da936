package dev.millrace.kafka.reactor;

import dev.millrace.context.Context;
import dev.millrace.kafka.AbstractLoop;
import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.LoopBuilder;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.internal.BatchFunction;
import dev.millrace.kafka.internal.Batching;
import dev.millrace.kafka.internal.ConsumerCore;
import dev.millrace.kafka.internal.ConsumerSettings;
import dev.millrace.kafka.internal.Handling;
import dev.millrace.kafka.internal.LoopSettings;
import dev.millrace.kafka.internal.OwnProducer;
import dev.millrace.stages.reactor.Fluxes;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.kafka.receiver.ReceiverOptions;

/**
 * The main loop of a consumer application on Reactor, over Reactor Kafka's {@code KafkaReceiver}.
 *
 * <pre>{@code
 * var loop =
 *     ReactorKafkaLoop.<String, String>builder()
 *         .receiverOptions(options) // those of the KafkaReceiver, or properties(…) and topics(…)
 *         .ordering(Ordering.KEY)
 *         .concurrency(256)
 *         .handler(record -> store.save(record.value()))
 *         .build();
 * loop.run().subscribe();
 * }</pre>
 *
 * <p>It promises what {@code KafkaLoop} promises: at least once, the {@link Ordering}, retries and
 * dead letters, and a pause of full partitions only. The receiver's thread subscribes, polls and
 * closes; what it does around a poll, and what is committed when, is the same code for both loops.
 *
 * <p>The function of {@link Builder#handler} is called by a virtual thread of the loop, one call at
 * a time; {@code concurrency} bounds the publishers that have not ended. What it returns is
 * subscribed to with the Reactor context of the subscriber of {@link #run()}, and the loop's {@link
 * Context} under {@code Context.class}, which is the current context of the function as well.
 *
 * <p>A loop runs once. All methods may be called by any thread, and none but {@link #run(Context)}
 * and {@link #drain} blocks.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class ReactorKafkaLoop<K, V> extends AbstractLoop<K, V> {

  private final ReceiverOptions<K, V> options;
  private final @Nullable BatchFunction<K, V> blocking;
  private final @Nullable Function<List<ConsumerRecord<K, V>>, Publisher<?>> function;

  private final Bell bell = new Bell();
  private final AtomicReference<@Nullable Throwable> lost = new AtomicReference<>();

  private ReactorKafkaLoop(
      Builder<K, V> builder, ConsumerSettings<K, V> settings, LoopSettings loop) {
    super(settings, loop);
    this.options = builder.options;
    this.blocking = builder.blocking;
    this.function = builder.function;
    if (blocking == null && function == null) {
      throw new NullPointerException(
          "no handler: call handler(…) or batchHandler(…), or a blocking form of theirs");
    }
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
  }

  /**
   * Consumes, from the subscription on, until the loop is drained or something fails; then commits
   * what is settled and leaves the group. No thread of the loop is alive when it completes.
   *
   * <p>Handlers that run then are waited for ({@code drainTimeout} at the most) and after that
   * cancelled. To cancel the subscription cancels them at once, commits what is settled, and leaves
   * the group; {@link #drained} completes when that is done.
   *
   * <p>If the subscriber's context has a {@link Context} under {@code Context.class}, that is the
   * parent of the loop's. An error is what the loop has failed with itself, or a {@link
   * CancellationException}.
   */
  public Mono<Void> run() {
    return Mono.create(this::start);
  }

  private void start(MonoSink<Void> sink) {
    var carried = sink.contextView();
    Context parent = carried.getOrDefault(Context.class, Context.background());
    var context =
        Objects.requireNonNull(parent).withValue(Fluxes.REACTOR_CONTEXT, carried).withCancel();
    sink.onDispose(context::cancel);
    Thread.ofVirtual()
        .name("millrace-loop-" + settings().group())
        .start(
            () -> {
              try {
                run(context);
                sink.success();
              } catch (ExecutionException e) {
                sink.error(Objects.requireNonNull(e.getCause()));
              } catch (Throwable e) {
                sink.error(e);
              }
            });
  }

  @Override
  protected @Nullable Throwable consume(Context context, @Nullable OwnProducer letters)
      throws InterruptedException {
    var events = new Events(bell, this::survived, this::rebalanced);
    var core = new ConsumerCore<>(settings(), events);
    running(core);
    try (var receiver = new ReceiverThread<>(core, options, settings().closeTimeout, this::lost);
        var group = TaskGroup.collecting(context)) {
      return group.context().call(() -> handle(core, events, letters, group));
    } catch (InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e); // nothing else is thrown
    }
  }

  /** Handles until the end, by the thread of the loop; what it failed with, if it did. */
  private @Nullable Throwable handle(
      ConsumerCore<K, V> core, Events events, @Nullable OwnProducer letters, TaskGroup group)
      throws InterruptedException {
    Context context = group.context();
    ReactiveHandler<K, V> reactive =
        function == null ? null : ReactiveHandler.in(context, function);
    BatchFunction<K, V> handler = blocking != null ? blocking : Objects.requireNonNull(reactive);
    var handling =
        new Handling<>(handler, loop().policy(letters), context::isCancelled, events::survived);
    Supply<K, V> supply = Supply.of(settings(), core);
    var handlers = new Handlers<>(group, loop().concurrency, supply, handling, reactive, bell);
    var registration = context.afterFunc(bell::ring);
    try {
      while (true) {
        bell.reset();
        events.deliver();
        if (context.isCancelled()
            || isDraining()
            || lost.get() != null
            || handlers.failure() != null) {
          break;
        }
        if (!handlers.startAll()) {
          bell.await(supply.untilReady());
        }
      }
      handlers.await(drainTimeout());
      return handlers.failure() != null ? handlers.failure() : lost.get();
    } finally {
      registration.stop();
      handlers.cancel();
    }
  }

  private void lost(Throwable cause) {
    lost.compareAndSet(null, cause);
    bell.ring();
  }

  @Override
  protected void wake() {
    bell.ring();
  }

  /**
   * As {@link #drain}, but does not block: completes when it would return. Does so from the
   * subscription on.
   *
   * @param timeout how long handlers may still run; then they are cancelled
   */
  public Mono<Void> drained(Duration timeout) {
    ConsumerSettings.positive("the drain timeout", timeout);
    return Mono.defer(() -> Mono.fromFuture(startDrain(timeout)));
  }

  /**
   * Goes on at that offset, forwards or back, as if the partition had been taken away and come
   * back: what was not begun is forgotten, handlers that run are waited for before others begin,
   * and the commit follows the new position. Completes when the receiver's thread has done it; with
   * an {@link IllegalStateException} if the loop does not run, or has not got the partition.
   */
  public Mono<Void> seek(TopicPartition name, long offset) {
    return Mono.<Void>create(
        sink ->
            Thread.ofVirtual()
                .name("millrace-seek-" + name)
                .start(
                    () -> {
                      try {
                        core().seek(name, offset);
                        sink.success();
                      } catch (Throwable e) {
                        sink.error(e);
                      }
                    }));
  }

  /** Settings with defaults; not safe for use by many threads. */
  public static final class Builder<K, V> extends LoopBuilder<K, V, Builder<K, V>> {
    private ReceiverOptions<K, V> options = ReceiverOptions.create();
    private @Nullable BatchFunction<K, V> blocking;
    private @Nullable Function<List<ConsumerRecord<K, V>>, Publisher<?>> function;

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
     * The options of a receiver as they are, instead of {@link #properties}, {@link #topics} and
     * {@link #deserializers}. Its listeners to assignments, revocations and consumers are told; a
     * revocation when the handlers have ended and all is committed. What the options say of commits
     * and of back pressure is not for this loop, which has its own.
     *
     * @throws IllegalArgumentException if they subscribe to a pattern, or assign partitions
     */
    public Builder<K, V> receiverOptions(ReceiverOptions<K, V> receiverOptions) {
      if (receiverOptions.subscriptionPattern() != null || receiverOptions.assignment() != null) {
        throw new IllegalArgumentException(
            "the loop subscribes to topics by their names: use subscription(Collection)");
      }
      options = receiverOptions;
      settings().properties(receiverOptions.consumerProperties());
      if (receiverOptions.subscriptionTopics() != null) {
        topics(receiverOptions.subscriptionTopics().toArray(String[]::new));
      }
      settings().keyDeserializer = receiverOptions.keyDeserializer();
      settings().valueDeserializer = receiverOptions.valueDeserializer();
      return this;
    }

    /**
     * What to do with a record. It is handled when the publisher completes; what that emits is
     * dropped. The function is called by one thread, and should not block for long.
     */
    public Builder<K, V> handler(
        Function<? super ConsumerRecord<K, V>, ? extends Publisher<?>> given) {
      Objects.requireNonNull(given, "handler");
      return handled(null, records -> given.apply(records.getFirst()), null);
    }

    /** What to do with a record, in a virtual thread for each: it may block. */
    public Builder<K, V> blockingHandler(RecordHandler<K, V> given) {
      Objects.requireNonNull(given, "handler");
      return handled(null, null, BatchFunction.ofOne(given));
    }

    /**
     * What to do with records that are handled together; instead of a {@link #handler}. They are
     * handled when the publisher completes; what that emits is dropped. Batches are gathered, and
     * taken apart when they fail, as those of {@code KafkaLoop}: one is handled when it is full, or
     * its first record has waited, and a handler is free; while none is it grows. An error that is
     * a {@link dev.millrace.kafka.BatchFailedException} says which record has failed. The function
     * is called by one thread, and should not block for long.
     *
     * @param size how many records there may be in a batch
     * @param linger how long a record may wait for others while a handler is free; may be zero
     */
    public Builder<K, V> batchHandler(
        int size,
        Duration linger,
        Function<? super List<ConsumerRecord<K, V>>, ? extends Publisher<?>> given) {
      Objects.requireNonNull(given, "handler");
      return handled(new Batching(size, linger), given::apply, null);
    }

    /** The same, in a virtual thread for each batch: it may block. */
    public Builder<K, V> blockingBatchHandler(int size, Duration linger, BatchHandler<K, V> given) {
      Objects.requireNonNull(given, "handler");
      return handled(new Batching(size, linger), null, BatchFunction.of(given));
    }

    private Builder<K, V> handled(
        @Nullable Batching batching,
        @Nullable Function<List<ConsumerRecord<K, V>>, Publisher<?>> newFunction,
        @Nullable BatchFunction<K, V> newBlocking) {
      settings().batching = batching;
      function = newFunction;
      blocking = newBlocking;
      return this;
    }

    @Override
    public ReactorKafkaLoop<K, V> build() {
      ConsumerSettings<K, V> checked = settings().checked();
      options =
          options
              .subscription(checked.topics)
              .consumerProperty(ConsumerConfig.GROUP_ID_CONFIG, checked.group());
      return new ReactorKafkaLoop<>(this, checked, loop().copy());
    }
  }
}
