package dev.millrace.kafka.tracing.reactor;

import dev.millrace.kafka.tracing.internal.RecordSpan;
import dev.millrace.kafka.tracing.internal.RecordSpans;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.util.Objects;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/**
 * Creates a span for each subscription to the publisher of a handler. Its parent is the span in the
 * headers of the record. This is the form of {@link dev.millrace.kafka.tracing.TracedHandler} for
 * functions that return publishers.
 *
 * <pre>{@code
 * ReactorKafkaLoop.<String, String>builder()
 *     .handler(new TracedFunction<>(telemetry, "shop", record -> store.save(record.value())))…
 * }</pre>
 *
 * <p>The span starts with the subscription. It ends with the publisher, before the completion, the
 * error or the cancellation is passed on. Operators find the span in the Reactor context: as
 * OpenTelemetry's {@link Context}, under {@code io.opentelemetry.context.Context.class}. It is also
 * the current span of the calling thread, while the function is called and its publisher is
 * subscribed to. In other threads of the publisher it is not current by itself.
 *
 * <p>{@code TracedHandler} describes the content of the span, and the treatment of malformed
 * headers and of telemetry that throws. Thread-safe. Does not block if the telemetry has a batch
 * span processor.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 * @param <T> the type of the emitted values
 */
public final class TracedFunction<K, V, T> implements Function<ConsumerRecord<K, V>, Flux<T>> {

  private final RecordSpans spans;
  private final Function<? super ConsumerRecord<K, V>, ? extends Publisher<? extends T>> function;

  /**
   * A traced form of a function.
   *
   * @param group the name of the consumer group
   * @param function the function to call
   */
  public TracedFunction(
      OpenTelemetry telemetry,
      String group,
      Function<? super ConsumerRecord<K, V>, ? extends Publisher<? extends T>> function) {
    this.spans = new RecordSpans(telemetry, group);
    this.function = Objects.requireNonNull(function, "function");
  }

  /** Returns a flux that calls the function when it is subscribed to. */
  @Override
  public Flux<T> apply(ConsumerRecord<K, V> record) {
    return new Flux<>() {
      @Override
      public void subscribe(CoreSubscriber<? super T> actual) {
        RecordSpan span = spans.start(record);
        try (Scope scope = span.context().makeCurrent()) {
          in(span, record).subscribe(actual);
        }
      }
    };
  }

  private Flux<T> in(RecordSpan span, ConsumerRecord<K, V> record) {
    return Flux.<T>defer(() -> Flux.from(publisher(record)))
        .contextWrite(context -> context.put(Context.class, span.context()))
        .doOnError(
            e -> {
              span.failed(e);
              span.end();
            })
        .doOnComplete(span::end)
        .doOnCancel(span::end);
  }

  private Publisher<? extends T> publisher(ConsumerRecord<K, V> record) {
    return Objects.requireNonNull(function.apply(record), "the handler returned null");
  }
}
