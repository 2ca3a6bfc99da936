package dev.millrace.kafka.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.FailureSpan;
import dev.millrace.kafka.RecordHandler;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TracedHandlerTest extends WithTelemetry {

  private RecordHandler<String, String> traced(RecordHandler<String, String> handler) {
    return new TracedHandler<>(telemetry, "shop", handler);
  }

  @Test
  void spanContinuesTheTraceOfTheHeaders() throws Exception {
    var state = new AtomicReference<@Nullable SpanContext>();
    traced(record -> state.set(Span.current().getSpanContext()))
        .handle(record(41, "v", "traceparent", TRACEPARENT, "tracestate", "vendor=1"));
    SpanData span = span();
    assertThat(span.getTraceId()).isEqualTo(TRACE);
    assertThat(span.getParentSpanId()).isEqualTo(PARENT);
    assertThat(span.getKind()).isEqualTo(SpanKind.CONSUMER);
    assertThat(span.getName()).isEqualTo("process orders");
    assertThat(span.getStatus()).isEqualTo(StatusData.unset());
    assertThat(span.getAttributes().asMap())
        .isEqualTo(
            Map.of(
                AttributeKey.stringKey("messaging.system"), "kafka",
                AttributeKey.stringKey("messaging.operation.name"), "process",
                AttributeKey.stringKey("messaging.operation.type"), "process",
                AttributeKey.stringKey("messaging.destination.name"), "orders",
                AttributeKey.stringKey("messaging.destination.partition.id"), "3",
                AttributeKey.stringKey("messaging.consumer.group.name"), "shop",
                AttributeKey.longKey("messaging.kafka.offset"), 41L));
    SpanContext inside = Objects.requireNonNull(state.get());
    assertThat(inside.getSpanId()).isEqualTo(span.getSpanId());
    assertThat(inside.getTraceState().get("vendor")).isEqualTo("1");
  }

  @Test
  void spanIsCurrentInTheThreadOfTheHandlerAndNotLonger() throws Exception {
    List<String> seen = new ArrayList<>();
    var handler = traced(record -> seen.add(Span.current().getSpanContext().getTraceId()));
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                handler.handle(record(0, "v", "traceparent", TRACEPARENT));
                handler.handle(record(1, "v"));
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
              seen.add(Span.current().getSpanContext().getTraceId());
            })
        .join();
    assertThat(seen).hasSize(3).startsWith(TRACE);
    assertThat(seen.get(1)).isNotEqualTo(TRACE).isNotEqualTo(SpanContext.getInvalid().getTraceId());
    assertThat(seen.get(2)).isEqualTo(SpanContext.getInvalid().getTraceId());
  }

  @Test
  void tombstoneIsSaid() throws Exception {
    traced(record -> {}).handle(record(0, null));
    assertThat(
            span()
                .getAttributes()
                .get(AttributeKey.booleanKey("messaging.kafka.message.tombstone")))
        .isTrue();
  }

  static List<String> badTraceparents() {
    return List.of(
        "",
        "nonsense",
        "00-" + TRACE + "-" + PARENT,
        "ff-" + TRACE + "-" + PARENT + "-01",
        "00-00000000000000000000000000000000-" + PARENT + "-01",
        "00-" + TRACE.toUpperCase(Locale.ROOT) + "-" + PARENT + "-01",
        "00-" + TRACE + "-" + PARENT + "-01-and-more",
        "\u0000\ufffd\u0001",
        "00-" + "4".repeat(100_000));
  }

  @ParameterizedTest
  @MethodSource("badTraceparents")
  void malformedHeadersAreAsGoodAsNone(String traceparent) throws Exception {
    List<Long> handled = new ArrayList<>();
    traced(record -> handled.add(record.offset()))
        .handle(record(41, "v", "traceparent", traceparent));
    assertThat(handled).containsExactly(41L);
    assertThat(span().getParentSpanContext().isValid()).isFalse();
  }

  @Test
  void oversizedOrNullStateIsIgnored() throws Exception {
    var record =
        record(0, "v", "traceparent", TRACEPARENT, "tracestate", "a=" + "x".repeat(1_000_000));
    traced(one -> {}).handle(record);
    assertThat(span().getTraceId()).isEqualTo(TRACE);
    assertThat(span().getSpanContext().getTraceState().isEmpty()).isTrue();
    spans.reset();
    record.headers().add("traceparent", null);
    traced(one -> {}).handle(record);
    assertThat(span().getParentSpanContext().isValid()).isFalse();
  }

  @Test
  void theLastOfSeveralHeadersCounts() throws Exception {
    String other = "00-" + "a".repeat(32) + "-" + PARENT + "-01";
    traced(one -> {}).handle(record(0, "v", "traceparent", other, "traceparent", TRACEPARENT));
    assertThat(span().getTraceId()).isEqualTo(TRACE);
  }

  @Test
  void failureIsOnTheSpanAndThrownAsItIs() {
    var failure = new IOException("the store is away");
    var record = record(41, "v", "traceparent", TRACEPARENT);
    assertThatThrownBy(
            () ->
                traced(
                        one -> {
                          throw failure;
                        })
                    .handle(record))
        .isSameAs(failure);
    SpanData span = span();
    assertThat(span.getStatus()).isEqualTo(StatusData.error());
    assertThat(span.getAttributes().get(AttributeKey.stringKey("error.type")))
        .isEqualTo("java.io.IOException");
    assertThat(span.getEvents()).hasSize(1);
    assertThat(span.getEvents().getFirst().getName()).isEqualTo("exception");
    String traceparent = "00-" + TRACE + "-" + span.getSpanId() + "-01";
    assertThat(FailureSpan.of(record)).isEqualTo(traceparent);
    assertThat(failure.getSuppressed()).isEmpty();
  }

  @Test
  void exceptionThatIsThrownAgainAndAgainCollectsNothing() {
    var always = new IOException("one for all");
    var handler =
        traced(
            one -> {
              throw always;
            });
    var first = record(0, "v");
    for (int i = 0; i < 100; i++) {
      var record = i % 2 == 0 ? first : record(i, "v");
      assertThatThrownBy(() -> handler.handle(record)).isSameAs(always);
    }
    assertThat(always.getSuppressed()).isEmpty();
    SpanData lastOfFirst = spans.getFinishedSpanItems().get(98);
    assertThat(FailureSpan.of(first)).contains(lastOfFirst.getSpanId());
    assertThat(FailureSpan.of(record(1, "v"))).isNull(); // no span is better than a wrong one
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void telemetryThatThrowsFailsNoRecord(boolean atTheStart) throws Exception {
    var handled = new AtomicBoolean();
    new TracedHandler<String, String>(
            telemetry(brokenProcessor(atTheStart), W3CTraceContextPropagator.getInstance()),
            "shop",
            record -> handled.set(true))
        .handle(record(0, "v"));
    assertThat(handled).isTrue();
  }

  @Test
  void propagatorThatThrowsFailsNoRecord() throws Exception {
    var handled = new AtomicBoolean();
    new TracedHandler<String, String>(
            telemetry(SimpleSpanProcessor.create(spans), brokenPropagator()),
            "shop",
            record -> handled.set(true))
        .handle(record(0, "v"));
    assertThat(handled).isTrue();
    assertThat(span().getParentSpanContext().isValid()).isFalse();
  }

  @Test
  void thereNeedNotBeAnyTelemetry() throws Exception {
    var handled = new AtomicBoolean();
    new TracedHandler<String, String>(OpenTelemetry.noop(), "shop", record -> handled.set(true))
        .handle(record(0, "v", "traceparent", TRACEPARENT));
    assertThat(handled).isTrue();
  }
}
