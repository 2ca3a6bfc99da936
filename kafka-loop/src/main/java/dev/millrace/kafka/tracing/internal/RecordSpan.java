package dev.millrace.kafka.tracing.internal;

import dev.millrace.kafka.FailureSpan;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The span of one attempt to handle a record. Thread-safe. */
public final class RecordSpan {

  private static final Logger LOG = LoggerFactory.getLogger(RecordSpan.class);

  private static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");

  private final Span span;
  private final Context context;
  private final ConsumerRecord<?, ?> record;

  RecordSpan(Span span, Context context, ConsumerRecord<?, ?> record) {
    this.span = span;
    this.context = context;
    this.record = record;
  }

  /** The context with this span. Run the handler in it. */
  public Context context() {
    return context;
  }

  /** Adds the failure to the span, and stores the span beside the record. */
  public void failed(Throwable failure) {
    SpanContext known = span.getSpanContext();
    if (!known.isValid()) {
      return;
    }
    try {
      span.setAttribute(ERROR_TYPE, failure.getClass().getName());
      span.setStatus(StatusCode.ERROR);
      span.recordException(failure);
    } catch (RuntimeException e) {
      LOG.debug("the failure of {} could not be added to its span", RecordSpans.place(record), e);
    }
    FailureSpan.tell(
        record,
        "00-%s-%s-%s"
            .formatted(known.getTraceId(), known.getSpanId(), known.getTraceFlags().asHex()));
  }

  /** Ends the span. A second call has no effect. */
  public void end() {
    try {
      span.end();
    } catch (RuntimeException e) {
      LOG.debug("a span could not be ended", e);
    }
  }
}
