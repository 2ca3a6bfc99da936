package dev.millrace.samples.docs;

import com.sun.net.httpserver.HttpServer;
import dev.millrace.context.Context;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.http.Answer;
import dev.millrace.kafka.http.LoopEndpoint;
import dev.millrace.kafka.http.LoopHttpHandler;
import dev.millrace.kafka.http.LoopPages;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import dev.millrace.kafka.tracing.TracedHandler;
import dev.millrace.kafka.tracing.reactor.TracedFunction;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
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

  /** What a server needs to send an answer. */
  interface Sender {
    void send(int status, Map<String, String> headers, byte[] body);
  }

  /** Shows a loop in a server of the application. */
  static void mounted(KafkaLoop<String, String> loop, HttpServer server, Sender client) {
    // doc:begin
    var pages = LoopPages.builder().loop(loop::status).build();
    server.createContext("/loops/", new LoopHttpHandler(pages)); // com.sun.net.httpserver

    Answer ready = pages.answer("GET", "/health/ready"); // any other server
    client.send(ready.status(), ready.headers(), ready.body());
    // doc:end
  }

  /** Shows a run of a pipeline. */
  static long shownRun(Pipeline<Long> job, Engine engine, Context context)
      throws InterruptedException, ExecutionException {
    // doc:begin
    try (Run<Long> run = job.start(engine, context);
        var endpoint = LoopEndpoint.builder().run("import", job, () -> run).start()) {
      System.out.println("see " + endpoint.uri());
      return run.join();
    }
    // doc:end
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
