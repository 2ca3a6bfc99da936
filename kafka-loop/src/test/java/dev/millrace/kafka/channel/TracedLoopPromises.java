package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** A handler with spans, in a loop of any face. */
public abstract class TracedLoopPromises extends WithMockConsumer {

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String TRACEPARENT = "00-" + TRACE + "-00f067aa0ba902b7-01";

  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final OpenTelemetrySdk telemetry =
      OpenTelemetrySdk.builder()
          .setTracerProvider(
              SdkTracerProvider.builder()
                  .addSpanProcessor(SimpleSpanProcessor.create(spans))
                  .build())
          .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
          .build();
  protected final MockProducer<byte[], byte[]> producer =
      new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());

  /** The builder of a loop of this face. Its handler has spans and always fails. */
  protected abstract LoopBuilder<String, String, ?> traced(
      OpenTelemetry telemetry, RecordHandler<String, String> failing);

  private static String last(ProducerRecord<byte[], byte[]> letter, String header) {
    return new String(letter.headers().lastHeader(header).value(), StandardCharsets.UTF_8);
  }

  @Test
  void deadLetterKeepsItsHeadersAndTellsTheSpanOfItsLastAttempt() throws Exception {
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P0));
          mock.updateBeginningOffsets(Map.of(P0, 0L));
          var record = record(P0, 0);
          record.headers().add("traceparent", bytes(TRACEPARENT));
          record.headers().add("shop", bytes("north"));
          mock.addRecord(record);
        });
    var loop =
        traced(
                telemetry,
                record -> {
                  record.headers().remove("shop"); // changes a copy only
                  throw new IOException("away");
                })
            .retry(3, Backoff.none())
            .deadLetters(DeadLetters.toTopic(producer, "orders.dead"))
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 1);
    List<SpanData> attempts = spans.getFinishedSpanItems();
    assertThat(attempts).hasSize(3);
    assertThat(attempts).allMatch(attempt -> attempt.getTraceId().equals(TRACE));
    ProducerRecord<byte[], byte[]> letter = producer.history().getFirst();
    assertThat(last(letter, "traceparent")).isEqualTo(TRACEPARENT);
    assertThat(last(letter, "shop")).isEqualTo("north");
    SpanData lastAttempt = attempts.getLast();
    assertThat(last(letter, DeadLetterHeaders.TRACEPARENT))
        .isEqualTo("00-%s-%s-01".formatted(lastAttempt.getTraceId(), lastAttempt.getSpanId()));
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }
}
