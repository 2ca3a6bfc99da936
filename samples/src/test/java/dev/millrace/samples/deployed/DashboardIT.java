package dev.millrace.samples.deployed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.micrometer.LoopMeters;
import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.TestKafka;
import dev.millrace.testkit.TestTopic;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.FutureTask;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The dashboard and the alerts name meters that a loop has, and every meter of a loop is shown. */
@KafkaTest
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DashboardIT {

  private static final Path FILES = Path.of("deployment", "observability");
  private static final Pattern METER = Pattern.compile("\\bmillrace_kafka_[a-z_]+");

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  private static Set<String> metersIn(String text) {
    return METER
        .matcher(text)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> metersOf(String file) throws IOException {
    return metersIn(Files.readString(FILES.resolve(file)));
  }

  @Test
  void metersExist(TestKafka kafka, TestTopic orders, Producer<String, String> producer)
      throws Exception {
    kafka.createTopic(orders.name() + ".dead", 1);
    var loop =
        KafkaLoop.<String, String>builder()
            .properties(
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "group.id", orders.name()))
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(orders.name())
            .deadLetterTopic(orders.name() + ".dead")
            .observer(new LoopMeters(registry))
            .handler(order -> Long.parseLong(order.value()))
            .build();
    var running =
        new FutureTask<Void>(
            () -> {
              loop.run(Context.background());
              return null;
            });
    Thread.ofPlatform().start(running);
    producer.send(new ProducerRecord<>(orders.name(), "customer", "12")).get();
    producer.send(new ProducerRecord<>(orders.name(), "customer", "twelve")).get();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> registry.scrape().contains("millrace_kafka_dead_letters_by_reason"));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> registry.scrape().contains("millrace_kafka_commits"));
    Set<String> existing = metersIn(registry.scrape());
    loop.drain(Duration.ofSeconds(10));
    running.get();

    assertThat(existing).containsAll(metersOf("dashboard.json"));
    assertThat(existing).containsAll(metersOf("alerts.yaml"));
    Set<String> hidden = new TreeSet<>(existing);
    hidden.removeAll(metersOf("dashboard.json"));
    hidden.removeIf(meter -> existing.contains(meter + "_count")); // the name of the family
    assertThat(hidden).isEmpty();
  }
}
