package dev.millrace.kafka.reactor;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.context.Context;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopBuilder;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.internal.BatchFunction;
import dev.millrace.kafka.internal.ConsumerCore;
import dev.millrace.kafka.internal.ConsumerSettings;
import dev.millrace.kafka.internal.Handling;
import dev.millrace.kafka.internal.Intake;
import dev.millrace.kafka.internal.LoopRecorder;
import dev.millrace.kafka.internal.LoopSettings;
import dev.millrace.kafka.internal.OwnProducer;
import dev.millrace.stages.reactor.Fluxes;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
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
import reactor.core.publisher.Sinks;
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
public final class ReactorKafkaLoop<K, V> implements Loop {

  private final ConsumerSettings<K, V> settings;
  private final LoopSettings loop;
  private final ReceiverOptions<K, V> options;
  private final @Nullable RecordHandler<K, V> blocking;
  private final @Nullable Function<? super ConsumerRecord<K, V>, ? extends Publisher<?>> function;

  private final LoopRecorder recorder = new LoopRecorder();
  private final Bell bell = new Bell();
  private final Sinks.Empty<Void> ended = Sinks.empty();
  private final AtomicReference<@Nullable Duration> drainWithin = new AtomicReference<>();
  private final AtomicReference<@Nullable Throwable> lost = new AtomicReference<>();
  private volatile @Nullable ConsumerCore<K, V> running;
  private volatile @Nullable Health end;
  private boolean started; // guarded by this

  private ReactorKafkaLoop(
      Builder<K, V> builder, ConsumerSettings<K, V> settings, LoopSettings loop) {
    this.settings = settings;
    this.settings.observer = recorder.and(settings.observer);
    this.loop = loop;
    this.options = builder.options;
    this.blocking = builder.blocking;
    this.function = builder.function;
    if (blocking == null && function == null) {
      throw new NullPointerException("no handler: call handler(…) or blockingHandler(…)");
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
        .name("millrace-loop-" + settings.group())
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

  /**
   * As {@link #run()}, but blocks until then.
   *
   * @throws ExecutionException if a record failed and nothing else is to be done, or the consumer
   *     can not go on; with the cause
   * @throws CancellationException if the context is cancelled, with its cause
   * @throws InterruptedException if the thread is interrupted
   * @throws IllegalStateException if the loop has run before
   */
  @Override
  public void run(Context context) throws InterruptedException, ExecutionException {
    synchronized (this) {
      if (started) {
        throw new IllegalStateException("a loop runs once: build another one");
      }
      started = true;
    }
    Throwable failure = null;
    try (var letters = !loop.producesLetters() ? null : OwnProducer.open(settings)) {
      var events = new Events(bell, this::survived, this::rebalanced);
      var core = new ConsumerCore<>(settings, events);
      running = core;
      try (var receiver = new ReceiverThread<>(core, options, settings.closeTimeout, this::lost);
          var group = TaskGroup.collecting(context)) {
        failure = group.context().call(() -> handle(core, events, letters, group));
      }
    } catch (InterruptedException | RuntimeException | Error e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e); // nothing else is thrown
    } finally {
      end = new Health(State.STOPPED, failure == null ? "it has ended" : "it failed: " + failure);
      recorder.end();
      ended.tryEmitEmpty();
    }
    if (failure != null) {
      throw new ExecutionException("the loop stops: " + failure, failure);
    }
    context.throwIfCancelled();
  }

  /** Handles until the end, by the thread of the loop; what it failed with, if it did. */
  private @Nullable Throwable handle(
      ConsumerCore<K, V> core, Events events, @Nullable OwnProducer letters, TaskGroup group)
      throws InterruptedException {
    Context context = group.context();
    ReactiveHandler<K, V> reactive =
        function == null ? null : ReactiveHandler.in(context, function);
    RecordHandler<K, V> handler = blocking != null ? blocking : Objects.requireNonNull(reactive);
    var handling =
        new Handling<>(
            BatchFunction.ofOne(handler),
            loop.policy(letters),
            context::isCancelled,
            events::survived);
    var intake = new Intake<>(core.partitions(), core.pauses());
    var handlers = new Handlers<>(group, loop.concurrency, intake, handling, reactive, bell);
    var registration = context.afterFunc(bell::ring);
    try {
      while (true) {
        bell.reset();
        events.deliver();
        if (context.isCancelled()
            || drainWithin.get() != null
            || lost.get() != null
            || handlers.failure() != null) {
          break;
        }
        if (!handlers.startAll()) {
          bell.await();
        }
      }
      handlers.await(Objects.requireNonNullElse(drainWithin.get(), loop.drainTimeout));
      return handlers.failure() != null ? handlers.failure() : lost.get();
    } finally {
      registration.stop();
      handlers.cancel();
    }
  }

  private void survived(Exception error) {
    recorder.survived(error);
    loop.onError.accept(error);
  }

  private void rebalanced(Notification change) {
    recorder.rebalanced(change);
    loop.onNotification.accept(change);
  }

  private void lost(Throwable cause) {
    lost.compareAndSet(null, cause);
    bell.ring();
  }

  /**
   * Stops starting handlers, lets those that run finish, commits, and makes {@link #run} complete;
   * completes when it has. Does so from the subscription on.
   *
   * @param timeout how long handlers may still run; then they are cancelled
   */
  public Mono<Void> drained(Duration timeout) {
    ConsumerSettings.positive("the drain timeout", timeout);
    return Mono.defer(
        () -> {
          drainWithin.compareAndSet(null, timeout);
          bell.ring();
          synchronized (this) {
            if (!started) {
              started = true;
              recorder.end();
              ended.tryEmitEmpty();
            }
          }
          return ended.asMono();
        });
  }

  @Override
  public void drain(Duration timeout) throws InterruptedException {
    var drained = new CountDownLatch(1);
    var subscription = drained(timeout).doFinally(end -> drained.countDown()).subscribe();
    try {
      drained.await();
    } finally {
      subscription.dispose();
    }
  }

  @Override
  public Duration closeTimeout() {
    return settings.closeTimeout;
  }

  @Override
  public Health health() {
    ConsumerCore<K, V> core = running;
    Health known = end;
    if (known != null) {
      return known;
    }
    return core == null ? new Health(State.STARTING, "it does not run yet") : core.health();
  }

  @Override
  public List<PartitionStatus> partitions() {
    ConsumerCore<K, V> core = running;
    return core == null ? List.of() : core.status();
  }

  @Override
  public LoopStatus status() {
    return recorder.status(settings, loop.concurrency, this);
  }

  @Override
  public ReceiveChannel<LoopEvent> events() {
    return recorder.events();
  }

  /**
   * Starts no more handlers for these partitions. It holds until {@link #resume}, whatever
   * rebalances do. Polling goes on.
   *
   * @throws IllegalStateException if the loop does not run yet
   */
  @Override
  public void pause(Collection<TopicPartition> names) {
    core().pauses().add(names);
  }

  @Override
  public void resume(Collection<TopicPartition> names) {
    core().resume(names);
  }

  @Override
  public Set<TopicPartition> paused() {
    return core().pauses().all();
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

  private ConsumerCore<K, V> core() {
    ConsumerCore<K, V> core = running;
    if (core == null) {
      throw new IllegalStateException("the loop does not run yet");
    }
    return core;
  }

  /** Settings with defaults; not safe for use by many threads. */
  public static final class Builder<K, V> extends LoopBuilder<K, V, Builder<K, V>> {
    private ReceiverOptions<K, V> options = ReceiverOptions.create();
    private @Nullable RecordHandler<K, V> blocking;
    private @Nullable Function<? super ConsumerRecord<K, V>, ? extends Publisher<?>> function;

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
      function = Objects.requireNonNull(given, "handler");
      blocking = null;
      return this;
    }

    /** What to do with a record, in a virtual thread for each: it may block. */
    public Builder<K, V> blockingHandler(RecordHandler<K, V> given) {
      blocking = Objects.requireNonNull(given, "handler");
      function = null;
      return this;
    }

    /**
     * The loop, which does nothing yet.
     *
     * @throws IllegalArgumentException if a setting is missing or unsafe
     */
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
