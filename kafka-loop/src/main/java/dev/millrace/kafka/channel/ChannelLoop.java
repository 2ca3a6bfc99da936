package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.handling.BatchFunction;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.kafka.internal.handling.Priorities;
import dev.millrace.kafka.internal.loop.LoopCore;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.serde.RouteTable;
import dev.millrace.kafka.internal.settings.FailurePolicy;
import dev.millrace.kafka.internal.settings.LoopDraft;
import dev.millrace.kafka.internal.settings.OwnProducer;
import dev.millrace.kafka.internal.workers.Workers;
import dev.millrace.sync.TaskGroup;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop behind {@link KafkaLoop}: one select waits for errors, notifications, the ends of
 * handlers, and close. Thread-safe.
 */
final class ChannelLoop<K, V> extends LoopCore<K, V> {

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

  ChannelLoop(LoopDraft<K, V> draft, @Nullable BatchFunction<K, V> handler) {
    super(draft);
    RouteTable<?> routes = settings().routes;
    this.handler =
        Objects.requireNonNull(
            routes == null ? handler : BatchFunction.routed(routes),
            "no handler: call handler(…), routes(…), batchHandler(…) or transactionalHandler(…)");
  }

  @Override
  protected @Nullable Throwable consume(Context context, @Nullable OwnProducer letters)
      throws InterruptedException {
    var workers = new Workers<K, V>(gate(), new Priorities(loop().tuning.priorities()));
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
      tellRest(consumer);
    }
  }

  /** Tells what has come since the end of the main loop: of handlers, and of the close. */
  private void tellRest(ChannelConsumer<K, V> consumer) {
    tellRest(consumer.errors(), this::survived);
    tellRest(consumer.notifications(), this::rebalanced);
  }

  private static <T> void tellRest(ReceiveChannel<T> events, Consumer<T> listener) {
    try {
      for (T one; (one = events.tryReceive()) != null; ) {
        listener.accept(one);
      }
    } catch (ChannelClosedException e) {
      LOG.debug("the consumer has ended, and no event is left to tell", e);
    }
  }

  private ChannelConsumer<K, V> consumer(Workers<K, V> workers) {
    return new ChannelConsumer<>(settings(), settings().batching == null ? workers::attach : null);
  }

  private Handling<K, V> handling(
      @Nullable OwnProducer letters, ChannelConsumer<K, V> consumer, Context context) {
    FailurePolicy policy = loop().policy(letters);
    return new Handling<>(
        settings().group(),
        handler,
        policy,
        context::isCancelled,
        e -> report(consumer, e),
        gate().breaker());
  }

  /** By the threads of handlers; the main loop calls the listener, unless it has ended. */
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
}
