package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RateLimit;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.KafkaLoop;
import java.sql.SQLTransientException;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/** The code of the page about tuning. The tests of the loop check the promises. */
class KafkaTuningTest {

  private static final Map<String, Object> KAFKA =
      Map.of(
          "bootstrap.servers",
          "localhost:1",
          "group.id",
          "shop",
          "key.deserializer",
          StringDeserializer.class,
          "value.deserializer",
          StringDeserializer.class);

  static KafkaLoop<String, String> tuned(
      Map<String, Object> kafka, RecordHandler<String, String> handler) {
    // doc:begin
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka)
            .topics("payments", "orders", "imports")
            .ordering(Ordering.KEY)
            .concurrency(64)
            .rateLimit(RateLimit.records(500).andBytes(1 << 20)) // per second; both hold
            .topicPriority("payments", "orders") // imports come last
            .topicConcurrency("imports", 8) // of the 64 handlers
            .breaker(
                LoopBreaker.when(e -> e instanceof SQLTransientException)
                    .failures(5)
                    .delay(Duration.ofSeconds(10)))
            .deadLetterTopic("shop.dead")
            .handler(handler)
            .build();
    // doc:end
    return loop;
  }

  static void turn(Loop loop) {
    // doc:begin
    loop.concurrency(16); // running handlers finish
    loop.rateLimit(RateLimit.records(100));
    loop.rateLimit(RateLimit.NONE);
    // doc:end
  }

  @Test
  void theKnobsTurn() {
    KafkaLoop<String, String> loop = tuned(KAFKA, record -> {});
    assertThat(loop.status().rateLimit()).hasToString("500 records/s, 1048576 bytes/s");
    turn(loop);
    assertThat(loop.status().concurrency()).isEqualTo(16);
    assertThat(loop.status().rateLimit().isNone()).isTrue();
  }
}
