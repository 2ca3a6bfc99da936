package dev.millrace.kafka.tracing;

import dev.millrace.kafka.FailureSpan;
import dev.millrace.kafka.RecordHandler;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

  private static final Logger LOG = LoggerFactory.getLogger(TracedHandler.class);

  private static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");
  private static final AttributeKey<String> OPERATION_NAME =
      AttributeKey.stringKey("messaging.operation.name");
  private static final AttributeKey<String> OPERATION_TYPE =
      AttributeKey.stringKey("messaging.operation.type");
  private static final AttributeKey<String> DESTINATION =
      AttributeKey.stringKey("messaging.destination.name");
  private static final AttributeKey<String> PARTITION =
      AttributeKey.stringKey("messaging.destination.partition.id");
  private static final AttributeKey<String> GROUP =
      AttributeKey.stringKey("messaging.consumer.group.name");
  private static final AttributeKey<Long> OFFSET = AttributeKey.longKey("messaging.kafka.offset");
  private static final AttributeKey<Boolean> TOMBSTONE =
      AttributeKey.booleanKey("messaging.kafka.message.tombstone");
  private static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");
  private static final String PROCESS = "process";

  private final Tracer tracer;
  private final TextMapPropagator propagator;
  private final String group;
  private final RecordHandler<K, V> handler;

  /**
   * A handler that calls that one.
   *
   * @param group the name of the consumer's group
   */
  public TracedHandler(OpenTelemetry telemetry, String group, RecordHandler<K, V> handler) {
    this.tracer = telemetry.getTracer("dev.millrace.kafka");
    this.propagator = telemetry.getPropagators().getTextMapPropagator();
    this.group = Objects.requireNonNull(group, "group");
    this.handler = Objects.requireNonNull(handler, "handler");
  }

  @Override
  public void handle(ConsumerRecord<K, V> record) throws Exception {
    Context parent = parent(record);
    Span span = start(parent, record);
    try (Scope scope = parent.with(span).makeCurrent()) {
      handler.handle(record);
    } catch (Throwable e) {
      failed(span, record, e);
      throw e;
    } finally {
      end(span);
    }
  }

  private Context parent(ConsumerRecord<K, V> record) {
    try {
      return propagator.extract(Context.root(), record.headers(), HeaderGetter.INSTANCE);
    } catch (RuntimeException e) {
      LOG.debug("the headers of {} tell no trace", place(record), e);
      return Context.root();
    }
  }

  private Span start(Context parent, ConsumerRecord<K, V> record) {
    try {
      var builder =
          tracer
              .spanBuilder(PROCESS + " " + record.topic())
              .setParent(parent)
              .setSpanKind(SpanKind.CONSUMER)
              .setAttribute(SYSTEM, "kafka")
              .setAttribute(OPERATION_NAME, PROCESS)
              .setAttribute(OPERATION_TYPE, PROCESS)
              .setAttribute(DESTINATION, record.topic())
              .setAttribute(PARTITION, Integer.toString(record.partition()))
              .setAttribute(GROUP, group)
              .setAttribute(OFFSET, record.offset());
      if (record.value() == null) {
        builder.setAttribute(TOMBSTONE, true);
      }
      return builder.startSpan();
    } catch (RuntimeException e) {
      LOG.debug("{} has no span", place(record), e);
      return Span.getInvalid();
    }
  }

  private void failed(Span span, ConsumerRecord<K, V> record, Throwable failure) {
    SpanContext context = span.getSpanContext();
    if (!context.isValid()) {
      return;
    }
    try {
      span.setAttribute(ERROR_TYPE, failure.getClass().getName());
      span.setStatus(StatusCode.ERROR);
      span.recordException(failure);
    } catch (RuntimeException e) {
      LOG.debug("the span of {} does not tell its failure", place(record), e);
    }
    FailureSpan.add(
        failure,
        record,
        "00-%s-%s-%s"
            .formatted(context.getTraceId(), context.getSpanId(), context.getTraceFlags().asHex()));
  }

  private static void end(Span span) {
    try {
      span.end();
    } catch (RuntimeException e) {
      LOG.debug("a span does not end", e);
    }
  }

  private static String place(ConsumerRecord<?, ?> record) {
    return "%s-%d at offset %d".formatted(record.topic(), record.partition(), record.offset());
  }
}
