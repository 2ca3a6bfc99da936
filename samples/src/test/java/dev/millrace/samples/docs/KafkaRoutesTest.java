package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Reading;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.builder.Route;
import dev.millrace.kafka.builder.Routes;
import dev.millrace.kafka.channel.KafkaLoop;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/** The code of the page about routes. The tests of the loop check the promises. */
class KafkaRoutesTest {

  /** A part of an application. */
  interface Shop {
    /** Saves an order. */
    void save(String customer, long amount);
  }

  private static final Map<String, Object> KAFKA =
      Map.of("bootstrap.servers", "localhost:1", "group.id", "shop");

  static KafkaLoop<?, ?> routed(Map<String, Object> kafka, Shop shop, List<String> log) {
    // doc:begin
    KafkaLoop<?, ?> loop =
        KafkaLoop.builder()
            .properties(kafka) // without deserializers
            .routes(
                Routes.of(
                    Route.of(
                        "orders",
                        StringDeserializer::new,
                        LongDeserializer::new,
                        order -> shop.save(order.key(), order.value())), // String, long
                    Route.matching(
                        Pattern.compile("audit\\..*"),
                        StringDeserializer::new,
                        StringDeserializer::new,
                        entry -> log.add(entry.value()))))
            .ordering(Ordering.KEY)
            .concurrency(64)
            .deadLetterTopic("shop.dead")
            .build();
    // doc:end
    return loop;
  }

  static LoopBuilder<String, String, ?> filtered(LoopBuilder<String, String, ?> builder) {
    // doc:begin
    LoopBuilder<String, String, ?> filtered =
        builder.skipIf(
            record -> {
              Header type = record.headers().lastHeader("type");
              return type != null && type.value()[0] == 'h'; // a heartbeat
            });
    // doc:end
    return filtered;
  }

  static KafkaLoop<String, String> replay(
      Map<String, Object> kafka,
      RecordHandler<String, String> handler,
      Map<TopicPartition, Long> positions) {
    // doc:begin
    KafkaLoop<String, String> replay =
        KafkaLoop.<String, String>builder()
            .properties(kafka) // group.id is not needed
            .assign(
                Reading.topics("orders")
                    .from(Instant.parse("2026-01-01T00:00:00Z"))
                    .untilEnd() // the loop ends by itself
                    .onPosition(positions::put)) // instead of commits
            .ordering(Ordering.KEY)
            .concurrency(64)
            .handler(handler)
            .build();
    // doc:end
    return replay;
  }

  @Test
  void theRoutesMakeTheSubscription() {
    KafkaLoop<?, ?> loop = routed(KAFKA, (customer, amount) -> {}, new ArrayList<>());
    assertThat(loop.status().topics()).singleElement().asString().contains("orders", "audit");
    Map<String, Object> kafka =
        Map.of(
            "bootstrap.servers", "localhost:1",
            "key.deserializer", StringDeserializer.class,
            "value.deserializer", StringDeserializer.class);
    assertThat(replay(kafka, record -> {}, new HashMap<>()).status().topics())
        .containsExactly("orders");
    assertThat(filtered(KafkaLoop.<String, String>builder())).isNotNull();
  }
}
