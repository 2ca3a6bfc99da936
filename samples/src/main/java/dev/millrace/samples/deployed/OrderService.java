package dev.millrace.samples.deployed;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.channel.LoopProcess;
import dev.millrace.kafka.http.LoopEndpoint;
import dev.millrace.kafka.micrometer.LoopMeters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.serialization.StringDeserializer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A consumer as a container runs it: its settings are environment variables, its probes and meters
 * are paths of a port, and SIGTERM drains it. {@code samples/deployment} has the image, the compose
 * file and the manifests.
 */
@Command(
    name = "orders",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Adds up the amounts of orders, until SIGTERM.")
public final class OrderService implements Callable<Integer> {

  @Option(
      names = "--brokers",
      defaultValue = "${env:KAFKA_BROKERS:-localhost:9092}",
      description = "bootstrap.servers (KAFKA_BROKERS, ${DEFAULT-VALUE})")
  private String brokers = "";

  @Option(
      names = "--topic",
      defaultValue = "${env:TOPIC:-orders}",
      description = "dead letters go to TOPIC.dead (TOPIC, ${DEFAULT-VALUE})")
  private String topic = "";

  @Option(
      names = "--group",
      defaultValue = "${env:GROUP:-totals}",
      description = "group.id (GROUP, ${DEFAULT-VALUE})")
  private String group = "";

  @Option(
      names = "--address",
      defaultValue = "${env:ADDRESS:-127.0.0.1}",
      description = "of the probes, the meters and the page (ADDRESS, ${DEFAULT-VALUE})")
  private String address = "";

  @Option(
      names = "--port",
      defaultValue = "${env:PORT:-8080}",
      description = "(PORT, ${DEFAULT-VALUE})")
  private int port;

  @Option(
      names = "--concurrency",
      defaultValue = "${env:CONCURRENCY:-64}",
      description = "handlers at once (CONCURRENCY, ${DEFAULT-VALUE})")
  private int concurrency;

  @Option(
      names = "--drain-seconds",
      defaultValue = "${env:DRAIN_SECONDS:-20}",
      description = "from SIGTERM to the end (DRAIN_SECONDS, ${DEFAULT-VALUE})")
  private int drainSeconds;

  private final LongAdder orders = new LongAdder();
  private final LongAdder amount = new LongAdder();

  private OrderService() {}

  /** Runs the service and exits with its status. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new OrderService()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    KafkaLoop<String, String> loop = loop(registry);
    try (var endpoint =
        LoopEndpoint.builder()
            .address(InetAddress.getByName(address))
            .port(port)
            .loop(loop::status)
            .metrics(registry::scrape)
            .start()) {
      System.out.println("see " + endpoint.uri());
      int status = LoopProcess.run(loop, Duration.ofSeconds(drainSeconds), System.out::println);
      System.out.printf("handled %d orders, amount %d%n", orders.sum(), amount.sum());
      return status;
    }
  }

  private void add(String order) {
    amount.add(Long.parseLong(order));
    orders.increment();
  }

  private KafkaLoop<String, String> loop(MeterRegistry registry) {
    return KafkaLoop.<String, String>builder()
        .properties(
            Map.of(
                "bootstrap.servers", brokers,
                "group.id", group,
                "auto.offset.reset", "earliest"))
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics(topic)
        .ordering(Ordering.KEY)
        .concurrency(concurrency)
        .retryIf(failure -> !(failure instanceof NumberFormatException))
        .retry(5, Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(10)))
        .deadLetterTopic(topic + ".dead")
        .closeTimeout(Duration.ofSeconds(5))
        .observer(new LoopMeters(registry))
        .handler(order -> add(order.value()))
        .build();
  }
}
