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

/** The span of one attempt to handle a record. Safe for use by many threads. */
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

  /** What belongs to the span is done in this context. */
  public Context context() {
    return context;
  }

  /** Says on the span what went wrong, and beside the record in which span. */
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
      LOG.debug("the span of {} does not tell its failure", RecordSpans.place(record), e);
    }
    FailureSpan.tell(
        record,
        "00-%s-%s-%s"
            .formatted(known.getTraceId(), known.getSpanId(), known.getTraceFlags().asHex()));
  }

  /** Ends it; once is enough. */
  public void end() {
    try {
      span.end();
    } catch (RuntimeException e) {
      LOG.debug("a span does not end", e);
    }
  }
}
