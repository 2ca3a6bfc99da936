package dev.millrace.samples.docs;

import dev.millrace.context.Context;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.http.LoopEndpoint;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import dev.millrace.kafka.tracing.TracedHandler;
import dev.millrace.kafka.tracing.reactor.TracedFunction;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import reactor.core.publisher.Mono;

/** A consumer app with tracing and an HTTP endpoint. */
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

  /** The same for a function that returns publishers. */
  static ReactorKafkaLoop<String, String> tracedFunction(
      OpenTelemetry telemetry,
      Map<String, Object> kafka,
      Function<ConsumerRecord<String, String>, Mono<Void>> store) {
    // doc:begin
    var loop =
        ReactorKafkaLoop.<String, String>builder()
            .properties(kafka)
            .topics("orders")
            .deadLetterTopic("orders.dead")
            .handler(new TracedFunction<>(telemetry, "shop", record -> store.apply(record)))
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
