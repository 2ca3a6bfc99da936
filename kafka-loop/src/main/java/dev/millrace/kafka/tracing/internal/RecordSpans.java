package dev.millrace.kafka.tracing.internal;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the spans of handlers. If the telemetry throws, the span is lost, and the record is
 * handled without it. Thread-safe.
 */
public final class RecordSpans {

  private static final Logger LOG = LoggerFactory.getLogger(RecordSpans.class);

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
  private static final String PROCESS = "process";

  private final Tracer tracer;
  private final TextMapPropagator propagator;
  private final String group;

  /**
   * Spans for a telemetry.
   *
   * @param group the name of the consumer group
   */
  public RecordSpans(OpenTelemetry telemetry, String group) {
    this.tracer = telemetry.getTracer("dev.millrace.kafka");
    this.propagator = telemetry.getPropagators().getTextMapPropagator();
    this.group = Objects.requireNonNull(group, "group");
  }

  /** Starts a span. Its parent is the span in the headers of the record. */
  public RecordSpan start(ConsumerRecord<?, ?> record) {
    Context parent = parent(record);
    Span span = start(parent, record);
    return new RecordSpan(span, parent.with(span), record);
  }

  private Context parent(ConsumerRecord<?, ?> record) {
    try {
      return propagator.extract(Context.root(), record.headers(), HeaderGetter.INSTANCE);
    } catch (RuntimeException e) {
      LOG.debug("the trace in the headers of {} could not be read", place(record), e);
      return Context.root();
    }
  }

  private Span start(Context parent, ConsumerRecord<?, ?> record) {
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
      LOG.debug("no span could be started for {}", place(record), e);
      return Span.getInvalid();
    }
  }

  static String place(ConsumerRecord<?, ?> record) {
    return "%s-%d at offset %d".formatted(record.topic(), record.partition(), record.offset());
  }
}
