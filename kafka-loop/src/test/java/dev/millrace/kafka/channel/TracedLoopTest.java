package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.tracing.TracedHandler;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TracedLoopTest extends TracedLoopPromises {

  @Override
  protected LoopBuilder<String, String, ?> traced(
      OpenTelemetry telemetry, RecordHandler<String, String> failing) {
    return builder().handler(new TracedHandler<>(telemetry, "test", failing));
  }

  @Test
  void deadLetterOfAHandlerWithoutSpansTellsNone() throws Exception {
    assign(1, P0);
    var loop =
        builder()
            .deadLetters(DeadLetters.toTopic(producer, "orders.dead"))
            .handler(
                record -> {
                  throw new IOException("away");
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 1);
    assertThat(producer.history().getFirst().headers().lastHeader(DeadLetterHeaders.TRACEPARENT))
        .isNull();
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }
}
