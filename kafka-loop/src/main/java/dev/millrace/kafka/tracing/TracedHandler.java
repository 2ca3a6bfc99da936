package dev.millrace.kafka.tracing;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.tracing.internal.RecordSpan;
import dev.millrace.kafka.tracing.internal.RecordSpans;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.context.Scope;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Creates a span for each call of a handler. Its parent is the span in the headers of the record.
 *
 * <pre>{@code
 * KafkaLoop.<String, String>builder().handler(new TracedHandler<>(telemetry, "shop", handler))…
 * }</pre>
 *
 * <p>The span is current in the handler's thread while the handler runs. So the calls and messages
 * of the handler belong to it. Its kind is consumer. It has the attributes of OpenTelemetry's
 * conventions for messaging, and the exception of the handler. It contains neither key nor value. A
 * dead letter names it in the header {@link dev.millrace.kafka.DeadLetterHeaders#TRACEPARENT}. The
 * propagators of the telemetry read the headers; by default, these are the propagators of W3C.
 *
 * <p>Tracing never fails a record. Malformed headers, or headers of more than 8,192 bytes, are
 * ignored. If the telemetry throws, the span is lost.
 *
 * <p>Thread-safe. Blocks as long as the handler does, and as long as the telemetry does at the
 * start and the end of a span. With a batch span processor, the telemetry does not block.
 *
 * <p>Needs {@code io.opentelemetry:opentelemetry-api}; the loop itself does not need it.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class TracedHandler<K, V> implements RecordHandler<K, V> {

  private final RecordSpans spans;
  private final RecordHandler<K, V> handler;

  /**
   * A traced form of a handler.
   *
   * @param group the name of the consumer group
   * @param handler the handler to call
   */
  public TracedHandler(OpenTelemetry telemetry, String group, RecordHandler<K, V> handler) {
    this.spans = new RecordSpans(telemetry, group);
    this.handler = Objects.requireNonNull(handler, "handler");
  }

  @Override
  public void handle(ConsumerRecord<K, V> record) throws Exception {
    RecordSpan span = spans.start(record);
    try (Scope scope = span.context().makeCurrent()) {
      handler.handle(record);
    } catch (Throwable e) {
      span.failed(e);
      throw e;
    } finally {
      span.end();
    }
  }
}
