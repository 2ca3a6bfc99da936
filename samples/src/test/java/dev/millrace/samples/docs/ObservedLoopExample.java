package dev.millrace.samples.docs;

import dev.millrace.context.Context;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.http.LoopEndpoint;
import dev.millrace.kafka.tracing.TracedHandler;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** A consumer app that others can look at. */
final class ObservedLoopExample {

  private ObservedLoopExample() {}

  /** A loop whose handler has spans. */
  static KafkaLoop<String, String> traced(
      OpenTelemetry telemetry, Map<String, Object> kafka, RecordHandler<String, String> save) {
    // doc:begin
    var loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka)
            .topics("orders")
            .deadLetterTopic("orders.dead")
            .handler(new TracedHandler<>(telemetry, "shop", save)) // a span for each attempt
            .build();
    // doc:end
    return loop;
  }

  /** Shows a loop while it runs. */
  static void shown(
      Context context, KafkaLoop<String, String> loop, PrometheusMeterRegistry registry)
      throws InterruptedException, ExecutionException {
    // doc:begin
    try (var endpoint =
        LoopEndpoint.builder()
            .port(8080) // on loopback; address(…) for others
            .loop(loop::status)
            .metrics(registry::scrape) // of a PrometheusMeterRegistry
            .start()) {
      System.out.println("see " + endpoint.uri());
      loop.run(context);
    }
    // doc:end
  }
}
