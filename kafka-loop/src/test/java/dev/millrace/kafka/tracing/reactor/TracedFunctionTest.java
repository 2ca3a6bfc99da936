package dev.millrace.kafka.tracing.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.FailureSpan;
import dev.millrace.kafka.tracing.WithTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** The promises of {@code TracedHandler}, for publishers. */
class TracedFunctionTest extends WithTelemetry {

  private <T> Function<ConsumerRecord<String, String>, Flux<T>> traced(
      Function<ConsumerRecord<String, String>, Publisher<T>> function) {
    return new TracedFunction<>(telemetry, "shop", function);
  }

  private static String traceNow() {
    return Span.current().getSpanContext().getTraceId();
  }

  @Test
  void spanContinuesTheTraceOfTheHeaders() {
    traced(record -> Mono.empty())
        .apply(record(41, "v", "traceparent", TRACEPARENT, "tracestate", "vendor=1"))
        .blockLast();
    SpanData span = span();
    assertThat(span.getTraceId()).isEqualTo(TRACE);
    assertThat(span.getParentSpanId()).isEqualTo(PARENT);
    assertThat(span.getSpanContext().getTraceState().get("vendor")).isEqualTo("1");
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
  }

  @Test
  void spanIsInTheReactorContextWhateverTheThread() {
    List<String> seen = Collections.synchronizedList(new ArrayList<>());
    Mono<String> inside =
        Mono.deferContextual(
            view -> {
              Context carried = view.get(Context.class);
              seen.add(Span.fromContext(carried).getSpanContext().getTraceId());
              return Mono.just("done");
            });
    Flux<String> publisher =
        traced(record -> Mono.delay(Duration.ofMillis(1)).then(inside))
            .apply(record(0, "v", "traceparent", TRACEPARENT));
    StepVerifier.create(publisher).expectNext("done").verifyComplete();
    assertThat(seen).containsExactly(TRACE);
    assertThat(span().getTraceId()).isEqualTo(TRACE);
  }

  @Test
  void spanIsCurrentWhileTheFunctionIsCalledAndItsPublisherSubscribedToAndNotLonger() {
    List<String> seen = new ArrayList<>();
    Flux<String> publisher =
        traced(
                record -> {
                  seen.add(traceNow());
                  return Mono.fromCallable(TracedFunctionTest::traceNow);
                })
            .apply(record(0, "v", "traceparent", TRACEPARENT));
    assertThat(seen).isEmpty(); // nothing happens before the subscription
    assertThat(publisher.blockLast()).isEqualTo(TRACE);
    assertThat(seen).containsExactly(TRACE);
    assertThat(traceNow()).isEqualTo(SpanContext.getInvalid().getTraceId());
  }

  @Test
  void spanEndsWithThePublisherAndNotBefore() {
    Sinks.One<String> gate = Sinks.one();
    StepVerifier.create(traced(record -> gate.asMono()).apply(record(0, "v")))
        .then(() -> assertThat(spans.getFinishedSpanItems()).isEmpty())
        .then(() -> gate.tryEmitValue("done"))
        .expectNext("done")
        .verifyComplete();
    assertThat(span().hasEnded()).isTrue();
  }

  @Test
  void spanHasEndedWhenTheCompletionIsHeardOf() {
    List<Integer> ended = new ArrayList<>();
    traced(record -> Mono.just("done"))
        .apply(record(0, "v"))
        .doOnComplete(() -> ended.add(spans.getFinishedSpanItems().size()))
        .blockLast();
    assertThat(ended).containsExactly(1);
  }

  @Test
  void cancellationEndsTheSpanAndIsNoFailure() {
    StepVerifier.create(traced(record -> Mono.never()).apply(record(0, "v"))).thenCancel().verify();
    assertThat(span().getStatus()).isEqualTo(StatusData.unset());
  }

  @Test
  void eachSubscriptionIsAnAttemptWithASpanOfItsOwn() {
    Flux<String> publisher =
        traced(record -> Mono.just("done")).apply(record(0, "v", "traceparent", TRACEPARENT));
    publisher.blockLast();
    publisher.blockLast();
    assertThat(spans.getFinishedSpanItems()).extracting(SpanData::getTraceId).containsOnly(TRACE);
    assertThat(spans.getFinishedSpanItems())
        .extracting(SpanData::getSpanId)
        .doesNotHaveDuplicates();
    assertThat(spans.getFinishedSpanItems()).hasSize(2);
  }

  @Test
  void tombstoneIsSaid() {
    traced(record -> Mono.empty()).apply(record(0, null)).blockLast();
    assertThat(
            span()
                .getAttributes()
                .get(AttributeKey.booleanKey("messaging.kafka.message.tombstone")))
        .isTrue();
  }

  @Test
  void failureIsOnTheSpanAndToldAsItIs() {
    var failure = new IOException("the store is away");
    var record = record(41, "v", "traceparent", TRACEPARENT);
    StepVerifier.create(traced(one -> Mono.error(failure)).apply(record))
        .verifyErrorSatisfies(e -> assertThat(e).isSameAs(failure));
    assertThatSpanTells(failure, record);
  }

  @Test
  void functionThatThrowsIsAFailureToo() {
    var failure = new IllegalStateException("here");
    var record = record(41, "v", "traceparent", TRACEPARENT);
    Flux<String> publisher =
        this.<String>traced(
                one -> {
                  throw failure;
                })
            .apply(record);
    StepVerifier.create(publisher).verifyErrorSatisfies(e -> assertThat(e).isSameAs(failure));
    assertThatSpanTells(failure, record);
  }

  private void assertThatSpanTells(Throwable failure, ConsumerRecord<String, String> record) {
    SpanData span = span();
    assertThat(span.getStatus()).isEqualTo(StatusData.error());
    assertThat(span.getAttributes().get(AttributeKey.stringKey("error.type")))
        .isEqualTo(failure.getClass().getName());
    assertThat(span.getEvents()).hasSize(1);
    assertThat(FailureSpan.of(record)).isEqualTo("00-" + TRACE + "-" + span.getSpanId() + "-01");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void telemetryThatThrowsFailsNoRecord(boolean atTheStart) {
    var function =
        new TracedFunction<String, String, String>(
            telemetry(brokenProcessor(atTheStart), W3CTraceContextPropagator.getInstance()),
            "shop",
            record -> Mono.just("done"));
    StepVerifier.create(function.apply(record(0, "v"))).expectNext("done").verifyComplete();
  }

  @Test
  void propagatorThatThrowsFailsNoRecord() {
    var function =
        new TracedFunction<String, String, String>(
            telemetry(SimpleSpanProcessor.create(spans), brokenPropagator()),
            "shop",
            record -> Mono.just("done"));
    StepVerifier.create(function.apply(record(0, "v"))).expectNext("done").verifyComplete();
    assertThat(span().getParentSpanContext().isValid()).isFalse();
  }

  @Test
  void functionMayNotReturnNull() {
    assertThatThrownBy(
            () -> this.<String>traced(record -> nothing()).apply(record(0, "v")).blockLast())
        .isInstanceOf(NullPointerException.class)
        .hasMessageContaining("returned null");
  }

  @SuppressWarnings("NullAway") // returns null, as an application without null checks may
  private static <T> Publisher<T> nothing() {
    return null;
  }
}
