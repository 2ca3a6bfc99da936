package dev.millrace.kafka.reactor;

import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.handling.BatchFunction;
import dev.millrace.stages.reactor.Fluxes;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * The application's function, with the serializer of its outputs, and the Reactor context for its
 * publishers. As a {@link BatchFunction} it blocks until the publisher has ended. If its thread is
 * interrupted, it cancels the publisher.
 *
 * @param function returns a publisher that handles the records
 * @param output serializes the emitted values, which are then produced; null if they are dropped
 * @param context the Reactor context in which the publishers are subscribed to
 * @param <K> the type of the keys
 * @param <V> the type of the values
 * @param <T> the type of the emitted values
 */
record ReactiveHandler<K, V, T>(
    Function<? super List<ConsumerRecord<K, V>>, ? extends Publisher<? extends T>> function,
    @Nullable Function<? super T, ProducerRecord<byte[], byte[]>> output,
    Context context)
    implements BatchFunction<K, V> {

  /** A handler with an empty context. */
  ReactiveHandler(
      Function<? super List<ConsumerRecord<K, V>>, ? extends Publisher<? extends T>> function,
      @Nullable Function<? super T, ProducerRecord<byte[], byte[]>> output) {
    this(function, output, Context.empty());
  }

  /** The same handler, with the Reactor context of the subscriber of the loop. */
  ReactiveHandler<K, V, T> in(dev.millrace.context.Context loop) {
    ContextView carried =
        Objects.requireNonNullElse(loop.value(Fluxes.REACTOR_CONTEXT), Context.empty());
    return new ReactiveHandler<>(
        function,
        output,
        Context.empty().putAll(carried).put(dev.millrace.context.Context.class, loop));
  }

  Publisher<? extends T> publisher(List<ConsumerRecord<K, V>> records) {
    return Objects.requireNonNull(function.apply(records), "the handler returned null");
  }

  boolean produces() {
    return output != null;
  }

  /** The records to produce. May block, because serializers may block. */
  List<ProducerRecord<byte[], byte[]>> produced(List<T> emitted) {
    Function<? super T, ProducerRecord<byte[], byte[]>> serialize = output;
    return serialize == null
        ? List.of()
        : emitted.stream().<ProducerRecord<byte[], byte[]>>map(serialize).toList();
  }

  @Override
  public List<ProducerRecord<byte[], byte[]>> apply(Attempt<K, V> batch) throws Exception {
    Flux<T> emitted = Flux.from(publisher(batch.records()));
    var end = new CompletableFuture<@Nullable List<T>>();
    Disposable subscription =
        SchedulerErrors.tell(
            end::completeExceptionally,
            () ->
                emitted
                    .filter(one -> produces())
                    .collectList()
                    .contextWrite(context)
                    .subscribe(end::complete, end::completeExceptionally));
    try {
      return produced(Objects.requireNonNull(end.get()));
    } catch (InterruptedException e) {
      subscription.dispose();
      throw e;
    } catch (ExecutionException e) {
      subscription.dispose(); // a scheduler may have thrown it: then the publisher still runs
      switch (e.getCause()) {
        case Exception cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
  }
}
