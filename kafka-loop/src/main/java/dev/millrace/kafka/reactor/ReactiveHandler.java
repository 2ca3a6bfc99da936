package dev.millrace.kafka.reactor;

import dev.millrace.kafka.internal.BatchFunction;
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
import reactor.core.publisher.Flux;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * The application's function, and the Reactor context that what it returns is subscribed with. As a
 * {@link BatchFunction} it blocks until that has ended, and cancels it if it is interrupted.
 */
record ReactiveHandler<K, V>(
    Function<? super List<ConsumerRecord<K, V>>, ? extends Publisher<?>> function, Context context)
    implements BatchFunction<K, V> {

  static <K, V> ReactiveHandler<K, V> in(
      dev.millrace.context.Context context,
      Function<? super List<ConsumerRecord<K, V>>, ? extends Publisher<?>> function) {
    ContextView carried =
        Objects.requireNonNullElse(context.value(Fluxes.REACTOR_CONTEXT), Context.empty());
    return new ReactiveHandler<>(
        function, Context.empty().putAll(carried).put(dev.millrace.context.Context.class, context));
  }

  Publisher<?> publisher(List<ConsumerRecord<K, V>> records) {
    return Objects.requireNonNull(function.apply(records), "the handler returned null");
  }

  @Override
  public List<ProducerRecord<byte[], byte[]>> apply(List<ConsumerRecord<K, V>> records)
      throws Exception {
    CompletableFuture<@Nullable Void> end =
        Flux.from(publisher(records)).then().contextWrite(context).toFuture();
    try {
      end.get();
    } catch (InterruptedException e) {
      end.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Exception cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
    return List.of();
  }
}
