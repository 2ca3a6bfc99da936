package dev.millrace.kafka.reactor;

import dev.millrace.kafka.internal.consumer.ConsumerCore;
import java.time.Duration;
import java.util.function.Consumer;
import reactor.core.Disposable;
import reactor.kafka.receiver.KafkaReceiver;
import reactor.kafka.receiver.ReceiverOptions;
import reactor.kafka.receiver.internals.ConsumerFactory;
import reactor.util.context.Context;

/** A receiver of Reactor Kafka that drives our core. Its thread subscribes, polls and closes. */
/*
 * The receiver requests one batch and never receives one, so it never pauses a partition. It knows
 * no record, so it waits for none in a rebalance, and commits nothing. See
 * docs/decisions/0004-reactor-kafka-turns-our-core.md.
 */
final class ReceiverThread<K, V> {

  /**
   * Reactor's name for the function that gets the errors of one flux without a subscriber ({@code
   * Hooks.KEY_ON_ERROR_DROPPED}). Without such a function, Reactor logs them as its own.
   */
  private static final String ON_ERROR_DROPPED = "reactor.onErrorDropped.local";

  private final ConsumerCore<K, V> core;
  private final DrivenConsumer<K, V> consumer;
  private final Disposable subscription;

  /**
   * Starts to poll.
   *
   * @param options the options with the listeners to call
   * @param onFailure receives the failure after which the receiver cannot go on
   */
  ReceiverThread(
      ConsumerCore<K, V> core,
      ReceiverOptions<K, V> options,
      Consumer<? super Throwable> onFailure) {
    this.core = core;
    this.consumer = new DrivenConsumer<>(core, onFailure);
    var receiver =
        KafkaReceiver.create(
            new Factory(consumer.proxy()),
            options
                .closeTimeout(core.closeTimeout())
                .commitInterval(Duration.ZERO)
                .commitBatchSize(0)
                .maxDeferredCommits(0)
                .maxDelayRebalance(Duration.ZERO));
    // The loop learns of a failed poll before the receiver does, and disposes of the receiver. The
    // receiver may emit the same failure afterwards, when no subscriber takes it any more.
    this.subscription =
        receiver
            .receive()
            .subscribe(record -> {}, onFailure, null, Context.of(ON_ERROR_DROPPED, onFailure));
  }

  /**
   * Commits, leaves the group, and waits for the thread; whether it has ended by the deadline.
   *
   * @param deadline as {@link System#nanoTime}
   */
  boolean close(long deadline) {
    core.stop(deadline);
    subscription.dispose();
    return consumer.awaitEnd(deadline);
  }

  /** The innermost calls of the thread, for people. */
  String place() {
    return consumer.place();
  }

  /** Gives the receiver our consumer. */
  private static final class Factory extends ConsumerFactory {
    private final org.apache.kafka.clients.consumer.Consumer<?, ?> consumer;

    private Factory(org.apache.kafka.clients.consumer.Consumer<?, ?> consumer) {
      this.consumer = consumer;
    }

    @Override
    @SuppressWarnings("unchecked") // it returns no records, so their types do not matter
    public <A, B> org.apache.kafka.clients.consumer.Consumer<A, B> createConsumer(
        ReceiverOptions<A, B> options) {
      return (org.apache.kafka.clients.consumer.Consumer<A, B>) consumer;
    }
  }
}
