package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.KafkaLoop;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/** The code that the page about Spring Kafka shows. The tests of the loop check it. */
class FromSpringKafkaTest {

  static KafkaLoop<String, String> listener(
      Map<String, Object> kafka, RecordHandler<String, String> store) {
    // doc:begin
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka) // of spring.kafka: bootstrap.servers, group.id
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics("orders")
            .concurrency(3) // handlers, however many partitions there are
            .handler(order -> store.handle(order))
            .build();
    // doc:end
    return loop;
  }

  static KafkaLoop<String, String> recovered(
      Map<String, Object> kafka, RecordHandler<String, String> store) {
    // doc:begin
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka)
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics("orders")
            .ordering(Ordering.KEY) // a failed record holds up its key, not its partition
            .concurrency(64)
            .retry(3, Backoff.fixed(Duration.ofSeconds(1))) // three attempts in all
            .retryIf(failure -> !(failure instanceof NumberFormatException))
            .deadLetterTopic("orders-dlt")
            .handler(order -> store.handle(order))
            .build();
    // doc:end
    return loop;
  }

  @Test
  void settingsThatAreMissingAreRefusedBeforeAnythingStarts() {
    assertThatThrownBy(() -> listener(Map.of(), order -> {}))
        .hasMessageContaining("bootstrap.servers");
    assertThatThrownBy(() -> recovered(Map.of(), order -> {}))
        .hasMessageContaining("bootstrap.servers");
  }
}
