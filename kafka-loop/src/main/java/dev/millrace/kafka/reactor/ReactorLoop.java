package dev.millrace.kafka.reactor;

import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.handling.BatchFunction;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.kafka.internal.handling.Handover;
import dev.millrace.kafka.internal.handling.Priorities;
import dev.millrace.kafka.internal.loop.LoopCore;
import dev.millrace.kafka.internal.properties.Checks;
import dev.millrace.kafka.internal.serde.RouteTable;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.LoopDraft;
import dev.millrace.kafka.internal.settings.OwnProducer;
import dev.millrace.kafka.internal.workers.Outlet;
import dev.millrace.kafka.internal.workers.Workers;
import dev.millrace.stages.reactor.Fluxes;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.kafka.receiver.ReceiverOptions;
import reactor.util.context.ContextView;

/**
 * The loop behind {@link ReactorKafkaLoop}: a virtual thread handles, the thread of the receiver
 * polls, and the caller's thread watches both. Handlers that block run in the threads of workers,
 * as in {@code KafkaLoop}. Thread-safe.
 */
final class ReactorLoop<K, V> extends LoopCore<K, V> {

  private final ReceiverOptions<K, V> options;
  private final BatchFunction<K, V> handler;

  /** Rings when there may be a message to handle, or the loop must end. */
  private final Bell bell = new Bell();

  /** Rings when the loop must end, or has ended; for the thread that watches the loop's thread. */
  private final Bell watch = new Bell();

  private final AtomicReference<@Nullable Throwable> lost = new AtomicReference<>();

  ReactorLoop(
      LoopDraft<K, V> draft, ReceiverOptions<K, V> options, @Nullable BatchFunction<K, V> handler) {
    super(draft);
    this.options = subscribed(options, settings());
    this.handler =
        Objects.requireNonNull(
            routed(handler),
            "no handler: call handler(…), batchHandler(…), transactionalHandler(…), or a blocking"
                + " form of theirs");
  }

  private @Nullable BatchFunction<K, V> routed(@Nullable BatchFunction<K, V> given) {
    RouteTable<?> routes = settings().routes;
    if (routes == null) {
      return given;
    }
    return given == null ? BatchFunction.routed(routes) : ReactiveRoutes.handler(routes);
  }

  private static <K, V> ReceiverOptions<K, V> subscribed(
      ReceiverOptions<K, V> options, ConsumerSettings<K, V> settings) {
    Pattern pattern = settings.pattern;
    return (pattern == null ? options.subscription(settings.topics) : options.subscription(pattern))
        .consumerProperty(ConsumerConfig.GROUP_ID_CONFIG, settings.group());
  }

  /** Like {@link ReactorKafkaLoop#run()}. */
  Mono<Void> run() {
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
    var thread = new CompletableFuture<@Nullable Void>();
    try {
      return watch(handlers, events, group, handover, thread);
    } finally {
      handlers.cancel();
      interrupt(group, () -> running(handlers, handover));
      if (!receiver.close(closeDeadline())) {
        survived(stuckPoll(receiver.place()));
      }
      if (thread.isDone()) { // otherwise a listener may be running
        events.deliver();
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

  private List<StuckHandlerException> running(HandlerStarter handlers, Handover<K, V> handover) {
    List<StuckHandlerException> all = new ArrayList<>(handlers.running());
    all.addAll(handover.running(settings().group()));
    return all;
  }

  private HandlerStarter handlers(
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
            events::survived,
            gate().breaker());
    var priorities = new Priorities(loop().tuning.priorities());
    if (reactive == null && settings().batching == null) {
      return blocking(core, events, group, handling, priorities);
    }
    Supply<K, V> supply = Supply.of(settings(), core, handover, gate(), priorities);
    return new Handlers<>(settings().group(), group, gate(), supply, handling, reactive, bell);
  }

  private HandlerStarter blocking(
      ConsumerCore<K, V> core,
      Events events,
      TaskGroup group,
      Handling<K, V> handling,
      Priorities priorities) {
    var workers = new Workers<K, V>(gate(), priorities);
    workers.onFailure(bell::ring);
    Outlet outlet = workers.attach(core.partitions(), core.pauses());
    events.onReady(outlet::wake);
    workers.begin(group, handling);
    return new BlockingHandlers<>(settings().group(), workers);
  }

  /**
   * Has a virtual thread handle, and waits for its end, or until handlers have had their time. That
   * thread calls the application's functions, any of which may never return.
   *
   * @param thread completes when that thread has ended
   * @return the failure of the loop; null if it did not fail
   */
  private @Nullable Throwable watch(
      HandlerStarter handlers,
      Events events,
      TaskGroup group,
      Handover<K, V> handover,
      CompletableFuture<@Nullable Void> thread)
      throws InterruptedException {
    Context context = group.context();
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

  private void awaitEnd(CompletableFuture<?> thread, HandlerStarter handlers, Context context)
      throws InterruptedException {
    while (!thread.isDone() && !mustEnd(handlers, context)) {
      watch.await();
      watch.reset();
    }
    long deadline = Time.nanoTime() + drainTimeout().toNanos();
    while (!thread.isDone() && !context.isCancelled() && !Time.left(deadline).isZero()) {
      watch.awaitUntil(deadline);
      watch.reset();
    }
  }

  private boolean mustEnd(HandlerStarter handlers, Context context) {
    return context.isCancelled()
        || isDraining()
        || lost.get() != null
        || handlers.failure() != null;
  }

  private void handle(
      HandlerStarter handlers,
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
  private void handle(HandlerStarter handlers, Events events, Context context)
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

  /** Like {@link ReactorKafkaLoop#drained}. */
  Mono<Void> drained(Duration timeout) {
    Checks.positive("the drain timeout", timeout);
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

  /** Like {@link ReactorKafkaLoop#seek}. */
  Mono<Void> seek(TopicPartition name, long offset) {
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
}
