package dev.millrace.kafka.reactor;

import dev.millrace.kafka.Message;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.builder.ConsumerBuilder;
import dev.millrace.kafka.internal.drafts.Drafts;
import dev.millrace.kafka.internal.report.FailureLog;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.text.Logs;
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
 * The consumer as a flux of messages, for Reactor without Reactor Kafka.
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
 * <p>Each subscription has a consumer of its own. At the end of the subscription, the settled
 * messages are committed and the consumer is closed. Messages that are not settled will be
 * redelivered. The flux takes only as many messages as are requested. Full partitions are paused,
 * and polling goes on.
 *
 * <p>The flux ends with an error if the consumer cannot go on, or if the {@link
 * dev.millrace.context.Context} under {@code Context.class} in the subscriber's context is
 * cancelled. It never completes.
 *
 * <p>Signals come from a virtual thread of the subscription. The same thread deserializes.
 * Cancelling does not block: that thread closes the consumer.
 *
 * <p>Thread-safe. No method of this class blocks.
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
   * A function for {@code flatMap}. It begins a message, calls the handler, and settles the message
   * when the publisher of the handler has completed. A message whose partition was revoked is
   * dropped. If the handler fails or is cancelled, the message is not settled, and will be
   * redelivered. To skip a failed record, resume from the error in the handler.
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
                  .doFinally(end -> message.abandon()); // no effect on a settled message
            });
  }

  @Override
  public void subscribe(CoreSubscriber<? super Message<K, V>> actual) {
    var subscription = new MessageSubscription<>(actual, settings, onError, onNotification);
    actual.onSubscribe(subscription);
    subscription.start();
  }

  /** The settings of a flux, with their defaults. Not thread-safe. */
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
      Drafts.consumer(this).factory = factory;
      return this;
    }

    /**
     * Receives failures that the flux survives. The listener must not block. An exception that it
     * throws is logged. Default: one line at warn for each failure, with the stack trace of the
     * first of its kind.
     */
    public Builder<K, V> onError(Consumer<? super Exception> listener) {
      onError = Objects.requireNonNull(listener, "onError");
      return this;
    }

    /**
     * Receives the result of each rebalance. The listener must not block. An exception that it
     * throws is logged. Default: one line at info.
     */
    public Builder<K, V> onNotification(Consumer<? super Notification> listener) {
      onNotification = Objects.requireNonNull(listener, "onNotification");
      return this;
    }

    /**
     * Builds the flux. It does nothing until it is subscribed to.
     *
     * @throws IllegalArgumentException if a setting is missing or unsafe
     */
    public MessageFlux<K, V> flux() {
      return new MessageFlux<>(this, Drafts.consumer(this).checked());
    }
  }
}
