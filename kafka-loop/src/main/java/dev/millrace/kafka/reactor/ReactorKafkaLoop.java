package dev.millrace.kafka.reactor;

import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.kafka.AbstractLoop;
import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.LoopBuilder;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.handling.BatchFunction;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.kafka.internal.handling.Handover;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.serde.Serialization;
import dev.millrace.kafka.internal.settings.Batching;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.LoopSettings;
import dev.millrace.kafka.internal.settings.OwnProducer;
import dev.millrace.stages.reactor.Fluxes;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.kafka.receiver.ReceiverOptions;
import reactor.util.context.ContextView;

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

  private final ReceiverOptions<K, V> options;
  private final BatchFunction<K, V> handler;

  /** Rings when there may be a message to handle, or the loop must end. */
  private final Bell bell = new Bell();

  /** Rings when the loop must end, or has ended; for the thread that watches the loop's thread. */
  private final Bell watch = new Bell();

  private final AtomicReference<@Nullable Throwable> lost = new AtomicReference<>();

  private ReactorKafkaLoop(
      Builder<K, V> builder, ConsumerSettings<K, V> settings, LoopSettings loop) {
    super(settings, loop);
    this.options = builder.options;
    this.handler =
        Objects.requireNonNull(
            builder.handler,
            "no handler: call handler(…), batchHandler(…), transactionalHandler(…), or a blocking"
                + " form of theirs");
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
    return Mono.create(this::start);
  }

  private void start(MonoSink<Void> sink) {
    var carried = sink.contextView();
    Context parent = carried.getOrDefault(Context.class, Context.background());
    var context =
        Objects.requireNonNull(parent).withValue(Fluxes.REACTOR_CONTEXT, carried).withCancel();
    sink.onDispose(context::cancel);
    Thread.ofPlatform() // handlers may keep all carriers of virtual threads busy
        .daemon()
        .name("millrace-loop-" + settings().group())
        .start(
            () -> {
              try {
                Throwable failure = runToEnd(context);
                if (failure == null) {
                  sink.success();
                } else {
                  sink.error(failure);
                }
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
    var receiver = new ReceiverThread<>(core, options, this::lost);
    var group = TaskGroup.collecting(context);
    var handover = new Handover<K, V>(loop -> fork(group, loop));
    events.onTurn(handover::look);
    var handlers = handlers(core, events, letters, group, handover);
    // A function of the application may swallow the interrupt of the thread that waits for the
    // bell.
    var registration = CancelSource.listen(group.context(), bell::ring);
    try {
      return watch(handlers, events, group, handover);
    } finally {
      handlers.cancel();
      interrupt(group, () -> running(handlers, handover));
      if (!receiver.close(closeDeadline())) {
        survived(stuckPoll(receiver.place()));
      }
      registration.stop();
    }
  }

  private static void fork(TaskGroup group, Runnable loop) {
    Task<?> _ =
        group.tryFork(
            () -> {
              loop.run();
              return null;
            });
  }

  private List<StuckHandlerException> running(Handlers<K, V> handlers, Handover<K, V> handover) {
    List<StuckHandlerException> all = new ArrayList<>(handlers.running());
    all.addAll(handover.running(settings().group()));
    return all;
  }

  private Handlers<K, V> handlers(
      ConsumerCore<K, V> core,
      Events events,
      @Nullable OwnProducer letters,
      TaskGroup group,
      Handover<K, V> handover) {
    Context context = group.context();
    ReactiveHandler<K, V, ?> reactive =
        handler instanceof ReactiveHandler<K, V, ?> given ? given.in(context) : null;
    var handling =
        new Handling<>(
            settings().group(),
            reactive == null ? handler : reactive,
            loop().policy(letters),
            context::isCancelled,
            events::survived);
    Supply<K, V> supply = Supply.of(settings(), core, handover);
    return new Handlers<>(
        settings().group(), group, loop().concurrency, supply, handling, reactive, bell);
  }

  /**
   * Has a virtual thread handle, and waits for its end, or until handlers have had their time. That
   * thread calls the application's functions, any of which may never return.
   *
   * @return the failure of the loop; null if it did not fail
   */
  private @Nullable Throwable watch(
      Handlers<K, V> handlers, Events events, TaskGroup group, Handover<K, V> handover)
      throws InterruptedException {
    Context context = group.context();
    var thread = new CompletableFuture<@Nullable Void>();
    var registration = CancelSource.listen(context, watch::ring);
    try {
      fork(group, () -> handover.run(() -> handle(handlers, events, context, thread)));
      awaitEnd(thread, handlers, context);
    } finally {
      registration.stop();
    }
    if (thread.isCompletedExceptionally()
        && !(thread.exceptionNow() instanceof InterruptedException)) {
      switch (thread.exceptionNow()) {
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new AssertionError(e); // the thread throws no other exception
      }
    }
    return handlers.failure() != null ? handlers.failure() : lost.get();
  }

  private void awaitEnd(CompletableFuture<?> thread, Handlers<K, V> handlers, Context context)
      throws InterruptedException {
    while (!thread.isDone() && !mustEnd(handlers, context)) {
      watch.await();
      watch.reset();
    }
    long deadline = System.nanoTime() + drainTimeout().toNanos();
    while (!thread.isDone() && !context.isCancelled() && !Ends.left(deadline).isZero()) {
      watch.awaitUntil(deadline);
      watch.reset();
    }
  }

  private boolean mustEnd(Handlers<K, V> handlers, Context context) {
    return context.isCancelled()
        || isDraining()
        || lost.get() != null
        || handlers.failure() != null;
  }

  private void handle(
      Handlers<K, V> handlers,
      Events events,
      Context context,
      CompletableFuture<@Nullable Void> end) {
    try {
      handle(handlers, events, context);
      end.complete(null);
    } catch (Handover.HandedOver e) { // another thread goes on
      throw e;
    } catch (Throwable e) {
      end.completeExceptionally(e);
    }
    watch.ring();
  }

  /** Handles until the end, by the thread of the loop. */
  private void handle(Handlers<K, V> handlers, Events events, Context context)
      throws InterruptedException {
    while (true) {
      bell.reset();
      events.deliver();
      if (mustEnd(handlers, context)) {
        watch.ring();
        break;
      }
      if (!handlers.startAll()) {
        bell.await(handlers.untilReady());
      }
    }
    handlers.await(drainTimeout());
    events.deliver(); // failures since the last delivery
  }

  private void lost(Throwable cause) {
    lost.compareAndSet(null, cause);
    wake();
  }

  @Override
  protected void wake() {
    bell.ring();
    watch.ring();
  }

  /**
   * As {@link #drain}, but does not block: the returned publisher completes when {@code drain}
   * would return. The drain starts with the subscription. Inside the publisher of a handler of this
   * loop, it completes at once, because the loop waits for that handler.
   *
   * @param timeout how long handlers may still run; afterwards they are cancelled
   * @throws IllegalArgumentException if the timeout is not positive
   */
  public Mono<Void> drained(Duration timeout) {
    ConsumerSettings.positive("the drain timeout", timeout);
    return Mono.deferContextual(
        view -> {
          var end = startDrain(timeout);
          return isInside(view) ? Mono.empty() : Mono.fromFuture(end);
        });
  }

  private boolean isInside(ContextView view) {
    return isInside(Context.current())
        || isInside(Objects.requireNonNull(view.getOrDefault(Context.class, Context.background())));
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
    return Mono.deferContextual(
        view -> {
          if (isInside(view)) {
            core().seekLater(name, offset);
            return Mono.empty();
          }
          return awaitSeek(name, offset);
        });
  }

  private Mono<Void> awaitSeek(TopicPartition name, long offset) {
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
      settings().factory = factory;
      return this;
    }

    /** Makes the producer of transactions; for tests. */
    Builder<K, V> producerFactory(Function<Map<String, Object>, Producer<byte[], byte[]>> factory) {
      loop().producerFactory = factory;
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
      settings().properties(receiverOptions.consumerProperties());
      if (receiverOptions.subscriptionTopics() != null) {
        topics(receiverOptions.subscriptionTopics().toArray(String[]::new));
      }
      if (receiverOptions.subscriptionPattern() != null) {
        topics(receiverOptions.subscriptionPattern());
      }
      settings().keyDeserializer = receiverOptions.keyDeserializer();
      settings().valueDeserializer = receiverOptions.valueDeserializer();
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
     * Sets the function that handles a record, and that may block. It is called in a virtual thread
     * for each record.
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
     * As {@link #batchHandler}, with a function that may block. It is called in a virtual thread
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
     * As {@link #transactionalHandler}, with a function that may block. It is called in a virtual
     * thread for each record.
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
      handled(setting, batching, outputs);
      return this;
    }

    @Override
    public ReactorKafkaLoop<K, V> build() {
      ConsumerSettings<K, V> checked = checked();
      Pattern pattern = checked.pattern;
      options =
          (pattern == null ? options.subscription(checked.topics) : options.subscription(pattern))
              .consumerProperty(ConsumerConfig.GROUP_ID_CONFIG, checked.group());
      return new ReactorKafkaLoop<>(this, checked, loop().copy());
    }
  }
}
