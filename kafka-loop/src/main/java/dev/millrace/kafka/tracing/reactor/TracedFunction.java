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
 * Makes a span of each subscription to what a handler returns, as a child of the one that the
 * record's headers tell of: the counterpart of {@link dev.millrace.kafka.tracing.TracedHandler} for
 * functions that return publishers.
 *
 * <pre>{@code
 * ReactorKafkaLoop.<String, String>builder()
 *     .handler(new TracedFunction<>(telemetry, "shop", record -> store.save(record.value())))…
 * }</pre>
 *
 * <p>The span begins with the subscription and ends with the publisher: before its completion, its
 * error or its cancellation is told on. What belongs to the span finds it in the Reactor context,
 * as OpenTelemetry's {@link Context} under {@code io.opentelemetry.context.Context.class}; it is
 * also the current one while the function is called and what it returns is subscribed to, in that
 * thread. Threads that the publisher changes to do not have it as the current one by themselves.
 *
 * <p>What is on the span, and what becomes of malformed headers and of telemetry that throws, is
 * said at {@code TracedHandler}. Safe for use by many threads. Does not block, if the processor of
 * the telemetry works in batches.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 * @param <T> what the publishers emit
 */
public final class TracedFunction<K, V, T> implements Function<ConsumerRecord<K, V>, Flux<T>> {

  private final RecordSpans spans;
  private final Function<? super ConsumerRecord<K, V>, ? extends Publisher<? extends T>> function;

  /**
   * A function that calls that one.
   *
   * @param group the name of the consumer's group
   */
  public TracedFunction(
      OpenTelemetry telemetry,
      String group,
      Function<? super ConsumerRecord<K, V>, ? extends Publisher<? extends T>> function) {
    this.spans = new RecordSpans(telemetry, group);
    this.function = Objects.requireNonNull(function, "function");
  }

  /** Does nothing until what it returns is subscribed to; then calls the function. */
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
