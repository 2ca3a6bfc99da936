package dev.millrace.samples.micronaut;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.Health;
import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.TestKafka;
import io.micronaut.context.ApplicationContext;
import io.micronaut.runtime.server.EmbeddedServer;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@KafkaTest
@Timeout(120)
class OrdersApplicationTest {

  private static String brokers = "";

  @BeforeAll
  static void createTopics(TestKafka kafka) throws Exception {
    brokers = kafka.bootstrapServers();
    kafka.createTopic("orders", 3);
    kafka.createTopic("orders.dead", 1);
  }

  private static EmbeddedServer start() {
    return ApplicationContext.run(
        EmbeddedServer.class,
        Map.of("orders.kafka.bootstrap.servers", brokers, "micronaut.server.port", -1));
  }

  @Test
  void ordersAreSummedAndTheLoopIsHealthyAndMeasured(Producer<String, String> producer)
      throws Exception {
    OrderLoop loop;
    try (var server = start()) {
      loop = server.getApplicationContext().getBean(OrderLoop.class);
      Totals totals = server.getApplicationContext().getBean(Totals.class);
      send(producer, "ann", "12");
      send(producer, "ann", "many");
      send(producer, "ann", "30");
      await().atMost(Duration.ofSeconds(30)).until(() -> totals.all().equals(Map.of("ann", 42L)));

      assertThat(get(server, "/totals")).isEqualTo("{\"ann\":42}");
      assertThat(get(server, "/health/liveness")).contains("\"UP\"", "loopAlive");
      assertThat(get(server, "/health/readiness")).contains("\"UP\"", "loopReady", "RUNNING");
      assertThat(get(server, "/prometheus"))
          .contains(
              "millrace_kafka_dead_letters_records_total{group=\"totals\",topic=\"orders\"} 1.0");
    }
    assertThat(loop.health().state()).isEqualTo(Health.State.STOPPED);

    send(producer, "bob", "7");
    try (var again = start()) {
      Totals totals = again.getApplicationContext().getBean(Totals.class);
      await().atMost(Duration.ofSeconds(30)).until(() -> !totals.all().isEmpty());
      assertThat(totals.all()).isEqualTo(Map.of("bob", 7L)); // the others were committed
    }
  }

  private static void send(Producer<String, String> producer, String customer, String amount)
      throws ExecutionException, InterruptedException {
    producer.send(new ProducerRecord<>("orders", customer, amount)).get();
  }

  private static String get(EmbeddedServer server, String path)
      throws IOException, InterruptedException {
    try (var client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(server.getURI().resolve(path)).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }
}
