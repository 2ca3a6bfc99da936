package dev.millrace.samples.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.TestKafka;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.web.client.RestClient;

@KafkaTest
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@DirtiesContext // the application ends before the broker does
@Timeout(120)
class OrdersApplicationTest {

  private static String brokers = "";

  @Autowired private OrderLoop loop;
  @Autowired private Totals totals;
  @LocalServerPort private int port;

  @BeforeAll
  static void createTopics(TestKafka kafka) throws Exception {
    brokers = kafka.bootstrapServers();
    kafka.createTopic("orders", 3);
    kafka.createTopic("orders.dead", 1);
  }

  @DynamicPropertySource
  static void properties(DynamicPropertyRegistry registry) {
    registry.add("orders.kafka[bootstrap.servers]", () -> brokers);
  }

  @Test
  void ordersAreSummedAndTheLoopIsHealthyAndMeasured(Producer<String, String> producer)
      throws Exception {
    send(producer, "ann", "12");
    send(producer, "ann", "many");
    send(producer, "ann", "30");
    await().atMost(Duration.ofSeconds(30)).until(() -> totals.all().equals(Map.of("ann", 42L)));

    assertThat(get("/actuator/health/liveness")).contains("\"UP\"", "loopAlive");
    assertThat(get("/actuator/health/readiness")).contains("\"UP\"", "loopReady", "RUNNING");
    assertThat(get("/actuator/prometheus"))
        .contains(
            "millrace_kafka_dead_letters_records_total{group=\"totals\",topic=\"orders\"} 1.0");

    loop.stop();
    assertThat(loop.isRunning()).isFalse();
    send(producer, "bob", "7");
    loop.start(); // as Spring does for a cached context
    await().atMost(Duration.ofSeconds(30)).until(() -> totals.all().get("bob") != null);
    assertThat(totals.all()).isEqualTo(Map.of("ann", 42L, "bob", 7L)); // none came twice
  }

  private static void send(Producer<String, String> producer, String customer, String amount)
      throws ExecutionException, InterruptedException {
    producer.send(new ProducerRecord<>("orders", customer, amount)).get();
  }

  private String get(String path) {
    return String.valueOf(
        RestClient.create("http://localhost:" + port)
            .get()
            .uri(path)
            .retrieve()
            .body(String.class));
  }
}
