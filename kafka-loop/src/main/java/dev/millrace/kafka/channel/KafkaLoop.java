package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.internal.FailurePolicy;
import dev.millrace.kafka.internal.Handling;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main loop of a consumer application: one select over errors, notifications, the ends of
 * handlers and close, while handlers take the messages themselves.
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
 * <p>A loop runs once. All methods but {@link #run} may be called by any thread.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class KafkaLoop<K, V> {

  private static final Logger LOG = LoggerFactory.getLogger(KafkaLoop.class);

  private enum Event {
    HANDLERS,
    CLOSED,
    DRAIN,
    CANCELLED,
    OTHER
  }

  private final ConsumerSettings<K, V> settings;
  private final int concurrency;
  private final Duration drainTimeout;
  private final RecordHandler<K, V> handler;
  private final FailurePolicy policy;
  private final @Nullable String deadLetterTopic;
  private final Consumer<? super Exception> onError;
  private final Consumer<? super Notification> onNotification;

  private final Channel<Boolean> draining = Channel.rendezvous();
  private final Channel<Boolean> ended = Channel.rendezvous();
  private final AtomicReference<@Nullable Duration> drainWithin = new AtomicReference<>();
  private volatile @Nullable ChannelConsumer<K, V> running;
  private volatile @Nullable Health end;
  private boolean started;

  private KafkaLoop(Builder<K, V> builder) {
    this.settings = builder.settings.checked();
    this.concurrency = builder.concurrency;
    this.drainTimeout = builder.drainTimeout;
    this.handler = Objects.requireNonNull(builder.handler, "no handler: call handler(…)");
    this.policy =
        new FailurePolicy(
            builder.attempts,
            builder.backoff,
            builder.retryable,
            builder.deadLetters,
            builder.deadLetterBackoff);
    this.deadLetterTopic = builder.deadLetterTopic;
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
   * @throws ExecutionException if a record failed and nothing else is to be done, or the consumer
   *     can not go on; with the cause
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
    Throwable failure = null;
    var workers = new Workers<K, V>(concurrency);
    try (var letters = deadLetterTopic == null ? null : OwnProducer.open(settings);
        var consumer = new ChannelConsumer<>(settings, workers::attach)) {
      running = consumer;
      try (var group = TaskGroup.collecting(context);
          workers) {
        workers.begin(group, handling(letters, consumer, group.context()));
        failure = loop(consumer, workers, group.context());
        workers.await(Objects.requireNonNullElse(drainWithin.get(), drainTimeout));
        failure = workers.failure() != null ? workers.failure() : failure;
      }
    } finally {
      end = new Health(State.STOPPED, failure == null ? "it has ended" : "it failed: " + failure);
      ended.close();
    }
    if (failure != null) {
      throw new ExecutionException("the loop stops: " + failure, failure);
    }
    context.throwIfCancelled();
  }

  private Handling<K, V> handling(
      @Nullable OwnProducer letters, ChannelConsumer<K, V> consumer, Context context) {
    FailurePolicy all =
        letters == null
            ? policy
            : policy.with(
                DeadLetters.toTopic(letters.producer(), Objects.requireNonNull(deadLetterTopic)));
    return new Handling<>(handler, all, context::isCancelled, consumer::report);
  }

  /** The main loop; what the consumer failed with, if it did. */
  private @Nullable Throwable loop(
      ChannelConsumer<K, V> consumer, Workers<K, V> workers, Context context)
      throws InterruptedException {
    Select<Event> select =
        new Select<Event>()
            .onReceive(consumer.errors(), this::error, () -> Event.CLOSED)
            .onReceive(consumer.notifications(), this::notification, () -> Event.CLOSED)
            .onReceive(workers.events(), one -> Event.HANDLERS)
            .onReceive(draining, one -> Event.DRAIN, () -> Event.DRAIN)
            .onDone(context, () -> Event.CANCELLED);
    while (true) {
      switch (select.select()) {
        case CLOSED -> {
          return consumer.errors().closeCause();
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

  private Event error(Exception error) {
    onError.accept(error);
    return Event.OTHER;
  }

  private Event notification(Notification notification) {
    onNotification.accept(notification);
    return Event.OTHER;
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

  Duration closeTimeout() {
    return settings.closeTimeout;
  }

  /** How it is doing now; takes some microseconds, and does not ask the broker. */
  public Health health() {
    ChannelConsumer<K, V> consumer = running;
    Health known = end;
    if (known != null) {
      return known;
    }
    return consumer == null ? new Health(State.STARTING, "it does not run yet") : consumer.health();
  }

  /** How far each partition is that this member has now, if any; does not ask the broker. */
  public List<PartitionStatus> partitions() {
    ChannelConsumer<K, V> consumer = running;
    return consumer == null ? List.of() : consumer.partitions();
  }

  /**
   * Starts no more handlers for these partitions, but for the few records that were handed out
   * before. It holds until {@link #resume}, whatever rebalances do. Polling goes on.
   *
   * @throws IllegalStateException if the loop does not run yet
   */
  public void pause(Collection<TopicPartition> names) {
    consumer().pause(names);
  }

  /** Ends a {@link #pause}. */
  public void resume(Collection<TopicPartition> names) {
    consumer().resume(names);
  }

  /** What {@link #pause} has paused, and nothing has resumed. */
  public Set<TopicPartition> paused() {
    return consumer().paused();
  }

  /**
   * Goes on at that offset, forwards or back, as if the partition had been taken away and come
   * back: what was not begun is forgotten, handlers that run are waited for before others begin,
   * and the commit follows the new position. Blocks until the poll thread has done it.
   *
   * @throws IllegalStateException if the loop does not run, or has not got the partition
   */
  public void seek(TopicPartition name, long offset) throws InterruptedException {
    consumer().seek(name, offset);
  }

  private ChannelConsumer<K, V> consumer() {
    ChannelConsumer<K, V> consumer = running;
    if (consumer == null) {
      throw new IllegalStateException("the loop does not run yet");
    }
    return consumer;
  }

  /** Settings with defaults; not safe for use by many threads. */
  public static final class Builder<K, V> extends ConsumerBuilder<K, V, Builder<K, V>> {
    private int concurrency = 1;
    private Duration drainTimeout = Duration.ofSeconds(10);
    private @Nullable RecordHandler<K, V> handler;
    private int attempts = 1;
    private Backoff backoff = Backoff.none();
    private Predicate<? super Throwable> retryable = e -> true;
    private @Nullable DeadLetters deadLetters;
    private @Nullable String deadLetterTopic;
    private Backoff deadLetterBackoff =
        Backoff.exponential(Duration.ofSeconds(1), Duration.ofSeconds(30)).withJitter(0.2);
    private Consumer<? super Exception> onError = e -> LOG.warn("the loop goes on after", e);
    private Consumer<? super Notification> onNotification = n -> LOG.info("{}", n);

    private Builder() {}

    @Override
    Builder<K, V> self() {
      return this;
    }

    /** How many handlers may run at the same time; 1. */
    public Builder<K, V> concurrency(int handlers) {
      concurrency = ConsumerSettings.positive("concurrency", handlers);
      return this;
    }

    /** What to do with a record. */
    public Builder<K, V> handler(RecordHandler<K, V> given) {
      handler = given;
      return this;
    }

    /**
     * How often to try a record that fails, the first attempt included, and how long to wait
     * between attempts; once. Each failure is told to {@link #onError}. Records wait for it by
     * their {@link #ordering}; others go on.
     */
    public Builder<K, V> retry(int attempts, Backoff backoff) {
      this.attempts = ConsumerSettings.positive("the number of attempts", attempts);
      this.backoff = Objects.requireNonNull(backoff, "backoff");
      return this;
    }

    /** To try a record that fails again and again until it does not. */
    public Builder<K, V> retryForever(Backoff backoff) {
      return retry(Integer.MAX_VALUE, backoff);
    }

    /** Which failures are worth another attempt; all. */
    public Builder<K, V> retryIf(Predicate<? super Throwable> retryable) {
      this.retryable = Objects.requireNonNull(retryable, "retryable");
      return this;
    }

    /** Where a record goes when no attempt is left; none, and the loop stops. */
    public Builder<K, V> deadLetters(DeadLetters letters) {
      deadLetters = Objects.requireNonNull(letters, "deadLetters");
      deadLetterTopic = null;
      return this;
    }

    /**
     * To publish a record when no attempt is left, as {@link DeadLetters#toTopic} does. The loop
     * makes the producer, with the consumer's own properties for the connection, and closes it.
     */
    public Builder<K, V> deadLetterTopic(String topic) {
      deadLetterTopic = Objects.requireNonNull(topic, "topic");
      deadLetters = null;
      return this;
    }

    /**
     * How long to wait before a record is offered again to dead letters that could not take it: one
     * second, and twice as long each time up to 30, ±20 %.
     */
    public Builder<K, V> deadLetterBackoff(Backoff backoff) {
      deadLetterBackoff = Objects.requireNonNull(backoff, "backoff");
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

    /** How long handlers may still run when the loop stops by itself; ten seconds. */
    public Builder<K, V> drainTimeout(Duration timeout) {
      drainTimeout = ConsumerSettings.positive("the drain timeout", timeout);
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
