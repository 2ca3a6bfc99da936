package com.example;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.channel.LoopProcess;
import dev.millrace.kafka.http.LoopEndpoint;
import dev.millrace.kafka.micrometer.LoopMeters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Sums the amounts of orders; an order without an amount goes to the dead letters. */
public final class OrderApp {
  private final Totals totals = new Totals();
  private final KafkaLoop<String, String> loop;

  public OrderApp(String brokers, String topic, MeterRegistry registry) {
    loop =
        KafkaLoop.<String, String>builder()
            .properties(
                Map.of(
                    "bootstrap.servers", brokers,
                    "group.id", "totals",
                    "auto.offset.reset", "earliest"))
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(topic)
            .ordering(Ordering.KEY) // the orders of a customer run one after the other
            .concurrency(16) // at most 16 handlers at once, in virtual threads
            .retryIf(failure -> !(failure instanceof NumberFormatException))
            .retry(3, Backoff.fixed(Duration.ofMillis(100)))
            .deadLetterTopic(topic + ".dead")
            .observer(new LoopMeters(registry))
            .handler(order -> totals.add(order.key(), Long.parseLong(order.value())))
            .build();
  }

  public Totals totals() {
    return totals;
  }

  public void run(Context context) throws Exception {
    loop.run(context);
  }

  public void stop() throws Exception {
    loop.drain(Duration.ofSeconds(10));
  }

  /** Consumes the topic {@code orders} of the brokers in the first argument, until SIGTERM. */
  public static void main(String[] args) throws Exception {
    var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    var app = new OrderApp(args[0], "orders", registry);
    int status;
    try (var endpoint =
        LoopEndpoint.builder()
            .port(8080)
            .loop(app.loop::status)
            .metrics(registry::scrape)
            .start()) {
      System.out.println("see " + endpoint.uri());
      status = LoopProcess.run(app.loop, Duration.ofSeconds(10));
    }
    System.exit(status);
  }
}
