package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main loop of a consumer application: one select over messages, errors, notifications and
 * close.
 *
 * <pre>{@code
 * var loop =
 *     KafkaLoop.<String, String>builder()
 *         .properties(Map.of("bootstrap.servers", "localhost:9092", "group.id", "shop", …))
 *         .topics("orders")
 *         .concurrency(64)
 *         .handler(record -> store.save(record.value()))
 *         .build();
 * loop.run(context);
 * }</pre>
 *
 * <p>At least once: an offset is committed only when its record and all before it in the partition
 * were handled. Each record is handled in a virtual thread of its own, {@code concurrency} at the
 * most at the same time. They begin in the order of their partition, but with a concurrency above 1
 * they run side by side, and may end in another order.
 *
 * <p>A loop runs once. {@link #drain} may be called by any thread.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class KafkaLoop<K, V> {

  private static final Logger LOG = LoggerFactory.getLogger(KafkaLoop.class);

  private enum Event {
    MESSAGE,
    HANDLED,
    CLOSED,
    DRAIN,
    CANCELLED,
    OTHER
  }

  private final ConsumerSettings<K, V> settings;
  private final int concurrency;
  private final Duration drainTimeout;
  private final RecordHandler<K, V> handler;
  private final Consumer<? super Exception> onError;
  private final Consumer<? super Notification> onNotification;

  private final Channel<Boolean> draining = Channel.rendezvous();
  private final Channel<Boolean> handled = Channel.conflated();
  private final Channel<Boolean> ended = Channel.rendezvous();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final AtomicReference<@Nullable Duration> drainWithin = new AtomicReference<>();
  private boolean started;
  private @Nullable ConsumerRecord<K, V> received;

  private KafkaLoop(Builder<K, V> builder) {
    this.settings = builder.settings.checked();
    this.concurrency = builder.concurrency;
    this.drainTimeout = builder.drainTimeout;
    this.handler = Objects.requireNonNull(builder.handler, "no handler: call handler(…)");
    this.onError = builder.onError;
    this.onNotification = builder.onNotification;
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
  }

  /**
   * Consumes until the loop is drained, the context is cancelled, or something fails; then commits
   * what is settled and leaves the group. Blocks; no thread of the loop is alive when it returns.
   *
   * <p>Handlers that run then are waited for ({@code drainTimeout} at the most) and after that
   * interrupted; if the context is cancelled they are interrupted at once. What they have not
   * handled comes again.
   *
   * @throws ExecutionException if a handler failed, or the consumer can not go on; with the cause
   * @throws CancellationException if the context is cancelled, with its cause
   * @throws InterruptedException if the thread is interrupted
   * @throws IllegalStateException if the loop has run before
   */
  public void run(Context context) throws InterruptedException, ExecutionException {
    synchronized (this) {
      if (started) {
        throw new IllegalStateException("a loop runs once: build another one");
      }
      started = true;
    }
    Throwable cause;
    try (var consumer = new ChannelConsumer<>(settings)) {
      try (var handlers = TaskGroup.collecting(context)) {
        cause = loop(consumer, handlers);
        awaitHandlers(handlers);
      }
    } finally {
      ended.close();
    }
    Throwable failed = failure.get() != null ? failure.get() : cause;
    if (failed != null) {
      throw new ExecutionException("the loop stops: " + failed, failed);
    }
    context.throwIfCancelled();
  }

  /** The main loop; what the consumer failed with, if it did. */
  private @Nullable Throwable loop(ChannelConsumer<K, V> consumer, TaskGroup handlers)
      throws InterruptedException {
    Select<Event> select =
        new Select<Event>()
            .onReceive(consumer.messages(), this::message, () -> Event.CLOSED)
            .when(() -> running.get() < concurrency)
            .onReceive(consumer.errors(), this::error, () -> Event.CLOSED)
            .onReceive(consumer.notifications(), this::notification, () -> Event.CLOSED)
            .onReceive(handled, one -> Event.HANDLED)
            .onReceive(draining, one -> Event.DRAIN, () -> Event.DRAIN)
            .onDone(handlers.context(), () -> Event.CANCELLED);
    while (true) {
      switch (select.select()) {
        case MESSAGE -> start(consumer, handlers, Objects.requireNonNull(received));
        case CLOSED -> {
          return consumer.messages().closeCause();
        }
        case DRAIN, CANCELLED -> {
          return null;
        }
        case HANDLED -> {
          if (failure.get() != null) {
            return null;
          }
        }
        case OTHER -> {}
      }
    }
  }

  private Event message(ConsumerRecord<K, V> record) {
    received = record;
    return Event.MESSAGE;
  }

  private Event error(Exception error) {
    onError.accept(error);
    return Event.OTHER;
  }

  private Event notification(Notification notification) {
    onNotification.accept(notification);
    return Event.OTHER;
  }

  private void start(
      ChannelConsumer<K, V> consumer, TaskGroup handlers, ConsumerRecord<K, V> record)
      throws InterruptedException {
    if (!consumer.begin(record)) {
      return;
    }
    running.incrementAndGet();
    var task =
        handlers.fork(
            () -> {
              handle(consumer, handlers.context(), record);
              return null;
            });
    if (task.state() == Task.State.CANCELLED) {
      ended(consumer, record);
    }
  }

  private void handle(
      ChannelConsumer<K, V> consumer, Context context, ConsumerRecord<K, V> record) {
    try {
      handler.handle(record);
      consumer.settle(record);
    } catch (InterruptedException | CancellationException e) {
      if (!context.isCancelled()) { // else it was told to stop, which is no failure
        failure.compareAndSet(null, failed(record, e));
      }
    } catch (Throwable e) {
      failure.compareAndSet(null, failed(record, e));
    } finally {
      ended(consumer, record);
    }
  }

  private void ended(ChannelConsumer<K, V> consumer, ConsumerRecord<K, V> record) {
    consumer.abandon(record); // no effect on a record that is settled
    running.decrementAndGet();
    handled.trySend(true);
  }

  private static Throwable failed(ConsumerRecord<?, ?> record, Throwable e) {
    e.addSuppressed(
        new HandlerSite(
            "while handling %s-%d at offset %d"
                .formatted(record.topic(), record.partition(), record.offset())));
    return e;
  }

  /** Tells, as a suppressed exception, which record it was. */
  private static final class HandlerSite extends Exception {
    private static final long serialVersionUID = 1L;

    HandlerSite(String message) {
      super(message, null, false, false);
    }
  }

  private void awaitHandlers(TaskGroup handlers) throws InterruptedException {
    Duration within = Objects.requireNonNullElse(drainWithin.get(), drainTimeout);
    var select =
        new Select<Boolean>()
            .onReceive(handled, one -> true)
            .onDone(handlers.context(), () -> false)
            .onDeadline(Instant.now().plus(within), () -> false);
    while (running.get() > 0) {
      if (!select.select()) {
        LOG.warn("{} handlers are interrupted; their records come again", running.get());
        return;
      }
    }
  }

  /**
   * Stops starting handlers, lets those that run finish, commits, and makes {@link #run} return.
   * Blocks until it has.
   *
   * @param timeout how long handlers may still run; then they are interrupted
   */
  public void drain(Duration timeout) throws InterruptedException {
    drainWithin.compareAndSet(null, ConsumerSettings.positive("the drain timeout", timeout));
    draining.close();
    synchronized (this) {
      if (!started) {
        started = true;
        return;
      }
    }
    ended.receiveOrNull();
  }

  /** Settings with defaults; not safe for use by many threads. */
  public static final class Builder<K, V> {
    private ConsumerSettings<K, V> settings = ConsumerSettings.defaults();
    private int concurrency = 1;
    private Duration drainTimeout = Duration.ofSeconds(10);
    private @Nullable RecordHandler<K, V> handler;
    private Consumer<? super Exception> onError = e -> LOG.warn("the loop goes on after", e);
    private Consumer<? super Notification> onNotification = n -> LOG.info("{}", n);

    private Builder() {}

    /**
     * Kafka's own settings: {@code bootstrap.servers}, {@code group.id} and the deserializers at
     * least. {@code enable.auto.commit=true} is refused.
     */
    public Builder<K, V> properties(Map<String, ?> properties) {
      settings = settings.withProperties(properties);
      return this;
    }

    /** What to subscribe to. */
    public Builder<K, V> topics(String... topics) {
      settings = settings.withTopics(List.of(topics));
      return this;
    }

    /** How many handlers may run at the same time; 1. */
    public Builder<K, V> concurrency(int handlers) {
      if (handlers < 1) {
        throw new IllegalArgumentException("concurrency must be at least 1, but is " + handlers);
      }
      concurrency = handlers;
      return this;
    }

    /** What to do with a record. */
    public Builder<K, V> handler(RecordHandler<K, V> given) {
      handler = given;
      return this;
    }

    /** Gets what went wrong and is survived; logs it at warn. Must not block. */
    public Builder<K, V> onError(Consumer<? super Exception> listener) {
      onError = Objects.requireNonNull(listener, "onError");
      return this;
    }

    /** Gets what rebalances change; logs it at info. Must not block. */
    public Builder<K, V> onNotification(Consumer<? super Notification> listener) {
      onNotification = Objects.requireNonNull(listener, "onNotification");
      return this;
    }

    /** From how many waiting records on a partition is paused; 500. */
    public Builder<K, V> buffer(int records) {
      settings = settings.withBuffer(records);
      return this;
    }

    /** How often to commit; one second. */
    public Builder<K, V> commitInterval(Duration interval) {
      settings = settings.withCommitInterval(interval);
      return this;
    }

    /** How long a rebalance waits for handlers of a partition that is taken away; ten seconds. */
    public Builder<K, V> revokeTimeout(Duration timeout) {
      settings = settings.withRevokeTimeout(timeout);
      return this;
    }

    /** How long handlers may still run when the loop stops by itself; ten seconds. */
    public Builder<K, V> drainTimeout(Duration timeout) {
      drainTimeout = ConsumerSettings.positive("the drain timeout", timeout);
      return this;
    }

    /** How long the commit and the leave at the end may take; ten seconds. */
    public Builder<K, V> closeTimeout(Duration timeout) {
      settings = settings.withCloseTimeout(timeout);
      return this;
    }

    Builder<K, V> factory(
        Function<Map<String, Object>, org.apache.kafka.clients.consumer.Consumer<K, V>> factory) {
      settings = settings.withFactory(factory);
      return this;
    }

    /**
     * The loop, which does nothing yet.
     *
     * @throws IllegalArgumentException if a setting is missing or unsafe
     */
    public KafkaLoop<K, V> build() {
      return new KafkaLoop<>(this);
    }
  }
}
