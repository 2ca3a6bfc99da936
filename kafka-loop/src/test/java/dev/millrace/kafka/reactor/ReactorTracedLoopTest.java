package dev.millrace.kafka.reactor;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.TracedLoopPromises;
import dev.millrace.kafka.tracing.reactor.TracedFunction;
import io.opentelemetry.api.OpenTelemetry;

class ReactorTracedLoopTest extends TracedLoopPromises {

  @Override
  protected LoopBuilder<String, String, ?> traced(
      OpenTelemetry telemetry, RecordHandler<String, String> failing) {
    return WithMockReceiver.reactive(mock, errors)
        .handler(
            new TracedFunction<>(
                telemetry, "test", record -> Publishers.of(() -> failing.handle(record))));
  }
}
