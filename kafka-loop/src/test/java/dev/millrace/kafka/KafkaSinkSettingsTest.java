package dev.millrace.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.internal.properties.SinkProperties;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A sink refuses settings with which a record can be lost, when it is built. */
class KafkaSinkSettingsTest {

  private static Map<String, Object> with(String name, Object value) {
    Map<String, Object> all = new HashMap<>();
    all.put("bootstrap.servers", "localhost:9092");
    all.put("key.serializer", StringSerializer.class);
    all.put("value.serializer", StringSerializer.class);
    all.put(name, value);
    return all;
  }

  @Test
  void theDefaultsAreAllReplicasAndIdempotence() {
    Map<String, Object> all = SinkProperties.checked(with("linger.ms", "7"), false);
    assertThat(all)
        .containsEntry("acks", "all")
        .containsEntry("enable.idempotence", "true")
        .containsEntry("linger.ms", "7");
  }

  @Test
  void oneReplicaIsAllowedWithoutIdempotence() {
    assertThat(SinkProperties.checked(with("acks", "1"), false))
        .containsEntry("enable.idempotence", "false");
  }

  @ParameterizedTest
  @CsvSource({
    "acks, 0, 'acks' is '0': then no broker acknowledges a record",
    "acks, 5, the Kafka property 'acks' is '5'",
    "transactional.id, a, a sink uses no transactions",
    "delivery.timeout.ms, 5m, the Kafka property 'delivery.timeout.ms' is '5m'"
  })
  void unsafePropertiesAreRefused(String name, String value, String message) {
    assertThatThrownBy(() -> KafkaSink.builder().properties(with(name, value)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void idempotenceWithoutAllReplicasIsRefused() {
    Map<String, Object> all = with("acks", "1");
    all.put("enable.idempotence", true);
    assertThatThrownBy(() -> KafkaSink.builder().properties(all).build())
        .hasMessageContaining("'enable.idempotence' needs acks=all, but 'acks' is '1'");
  }

  @Test
  void aMissingPropertyIsNamed() {
    var properties = new Properties();
    assertThatThrownBy(() -> KafkaSink.builder().properties(properties).build())
        .hasMessageContaining("'bootstrap.servers'");
    properties.setProperty("bootstrap.servers", "localhost:9092");
    assertThatThrownBy(() -> KafkaSink.builder().properties(properties).build())
        .hasMessageContaining("'key.serializer'")
        .hasMessageContaining("serializers(…)");
    assertThat(
            KafkaSink.<String, String>builder()
                .properties(properties)
                .serializers(new StringSerializer(), new StringSerializer())
                .build())
        .isNotNull();
  }

  @Test
  void boundsArePositive() {
    assertThatThrownBy(() -> KafkaSink.builder().inFlight(0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> KafkaSink.builder().closeTimeout(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
