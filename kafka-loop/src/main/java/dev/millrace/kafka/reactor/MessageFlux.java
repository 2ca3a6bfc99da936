package dev.millrace.kafka.reactor;

import dev.millrace.kafka.ConsumerBuilder;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.internal.report.FailureLog;
import dev.millrace.kafka.internal.report.Logs;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Our consumer as a flux of messages, for Reactor without Reactor Kafka.
 *
 * <pre>{@code
 * MessageFlux.<String, String>builder()
 *     .properties(kafka)
 *     .topics("orders")
 *     .flux()
 *     .flatMap(MessageFlux.settling(record -> store.save(record.value())), 64)
 *     .subscribe();
 * }</pre>
 *
 * <p>Each subscription has a consumer, and closes it at its end: what is settled is committed then,
 * and messages that are not settled come again. No more messages are taken than are requested; the
 * partitions behind them are paused when they are full, and polling goes on. The flux ends with an
 * error if the consumer can not go on, or if a {@link dev.millrace.context.Context} under {@code
 * Context.class} in the subscriber's context is cancelled; it never completes by itself.
 *
 * <p>Signals come from a virtual thread of the subscription, which deserializes as well. To cancel
 * does not block: the consumer is closed by that thread.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class MessageFlux<K, V> extends Flux<Message<K, V>> {

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  private final ConsumerSettings<K, V> settings;
  private final Consumer<? super Exception> onError;
  private final Consumer<? super Notification> onNotification;

  private MessageFlux(Builder<K, V> builder, ConsumerSettings<K, V> settings) {
    this.settings = settings;
    this.onError = builder.onError;
    this.onNotification = builder.onNotification;
  }

  /** A builder with the defaults. */
  public static <K, V> Builder<K, V> builder() {
    return new Builder<>();
  }

  /**
   * A function for {@code flatMap}: begins a message, and settles it when what the handler returns
   * has completed. One whose partition was taken away is dropped; one whose handler fails or is
   * cancelled is not settled, and comes again. Who wants a record that fails to be passed over has
   * to resume from the error in the handler.
   */
  public static <K, V, R> Function<Message<K, V>, Mono<R>> settling(
      Function<? super ConsumerRecord<K, V>, ? extends Mono<R>> handler) {
    Objects.requireNonNull(handler, "handler");
    return message ->
        Mono.defer(
            () -> {
              if (!message.begin()) {
                return Mono.empty();
              }
              return Mono.<R>defer(() -> handler.apply(message.record()))
                  .doOnSuccess(result -> message.settle())
                  .doFinally(end -> message.abandon()); // no effect on one that is settled
            });
  }

  @Override
  public void subscribe(CoreSubscriber<? super Message<K, V>> actual) {
    var subscription = new MessageSubscription<>(actual, settings, onError, onNotification);
    actual.onSubscribe(subscription);
    subscription.start();
  }

  /** Settings with defaults; not safe for use by many threads. */
  public static final class Builder<K, V> extends ConsumerBuilder<K, V, Builder<K, V>> {
    private Consumer<? super Exception> onError = new FailureLog()::survived;
    private Consumer<? super Notification> onNotification = n -> LOG.info("{}", n);

    private Builder() {}

    @Override
    protected Builder<K, V> self() {
      return this;
    }

    /** Makes the consumer; for tests. */
    Builder<K, V> factory(
        Function<Map<String, Object>, org.apache.kafka.clients.consumer.Consumer<byte[], byte[]>>
            factory) {
      settings().factory = factory;
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

    /**
     * The flux, which does nothing until it is subscribed to.
     *
     * @throws IllegalArgumentException if a setting is missing or unsafe
     */
    public MessageFlux<K, V> flux() {
      return new MessageFlux<>(this, settings().checked());
    }
  }
}
