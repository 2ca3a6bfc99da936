package dev.millrace.kafka.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.context.propagation.TextMapSetter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;

/** Telemetry that keeps its spans, telemetry that is broken, and records with headers. */
public abstract class WithTelemetry {

  protected static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  protected static final String PARENT = "00f067aa0ba902b7";
  protected static final String TRACEPARENT = "00-" + TRACE + "-" + PARENT + "-01";

  protected final InMemorySpanExporter spans = InMemorySpanExporter.create();
  protected final OpenTelemetry telemetry =
      telemetry(SimpleSpanProcessor.create(spans), W3CTraceContextPropagator.getInstance());

  protected static OpenTelemetry telemetry(SpanProcessor processor, TextMapPropagator propagator) {
    return OpenTelemetrySdk.builder()
        .setTracerProvider(SdkTracerProvider.builder().addSpanProcessor(processor).build())
        .setPropagators(ContextPropagators.create(propagator))
        .build();
  }

  protected static ConsumerRecord<String, String> record(
      long offset, @Nullable String value, String... headers) {
    var all = new RecordHeaders();
    for (int i = 0; i < headers.length; i += 2) {
      all.add(headers[i], headers[i + 1].getBytes(StandardCharsets.UTF_8));
    }
    return new ConsumerRecord<>(
        "orders", 3, offset, 0, TimestampType.CREATE_TIME, 1, 1, "k", value, all, Optional.empty());
  }

  protected SpanData span() {
    assertThat(spans.getFinishedSpanItems()).hasSize(1);
    return spans.getFinishedSpanItems().getFirst();
  }

  /** A processor that throws at the end of a span, and also at its start if that is set. */
  protected static SpanProcessor brokenProcessor(boolean atTheStart) {
    return new SpanProcessor() {
      @Override
      public void onStart(Context parent, ReadWriteSpan span) {
        if (atTheStart) {
          throw new IllegalStateException("broken");
        }
      }

      @Override
      public boolean isStartRequired() {
        return true;
      }

      @Override
      public void onEnd(ReadableSpan span) {
        throw new IllegalStateException("broken");
      }

      @Override
      public boolean isEndRequired() {
        return true;
      }
    };
  }

  /** A propagator that cannot read headers. */
  protected static TextMapPropagator brokenPropagator() {
    return new TextMapPropagator() {
      @Override
      public Collection<String> fields() {
        return List.of();
      }

      @Override
      public <C> void inject(Context context, @Nullable C carrier, TextMapSetter<C> setter) {}

      @Override
      public <C> Context extract(Context context, @Nullable C carrier, TextMapGetter<C> getter) {
        throw new IllegalStateException("broken");
      }
    };
  }
}
