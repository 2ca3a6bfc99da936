package dev.millrace.kafka.tracing;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.tracing.internal.RecordSpan;
import dev.millrace.kafka.tracing.internal.RecordSpans;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.context.Scope;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Makes a span of each call of a handler, as a child of the one that the record's headers tell of.
 *
 * <pre>{@code
 * KafkaLoop.<String, String>builder().handler(new TracedHandler<>(telemetry, "shop", handler))…
 * }</pre>
 *
 * <p>The span is current while the handler runs, in its thread, so that what it calls and sends
 * belongs to it. It is of kind consumer, has the attributes that OpenTelemetry's conventions for
 * messaging have for it, and says what the handler threw; a dead letter tells it in the header
 * {@link dev.millrace.kafka.DeadLetterHeaders#TRACEPARENT}. Neither key nor value is in it. The
 * headers are read by the propagators of the telemetry, which are W3C's unless it was told others.
 *
 * <p>Headers that are malformed, or have more than 8,192 bytes, are as good as none, and telemetry
 * that throws costs the span: neither fails a record. Safe for use by many threads. Blocks as the
 * handler does, and as the telemetry does at the start and the end of a span, which is not at all
 * with a processor that works in batches.
 *
 * <p>Needs {@code io.opentelemetry:opentelemetry-api}, which the loop itself does without.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class TracedHandler<K, V> implements RecordHandler<K, V> {

  private final RecordSpans spans;
  private final RecordHandler<K, V> handler;

  /**
   * A handler that calls that one.
   *
   * @param group the name of the consumer's group
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
