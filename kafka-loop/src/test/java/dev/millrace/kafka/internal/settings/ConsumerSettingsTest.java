package dev.millrace.kafka.internal.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.internal.settings.OffsetReset.Policy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsumerSettingsTest {

  private static OffsetReset reset(String value) {
    return OffsetReset.of(value);
  }

  @Test
  void offsetResetIsReadAsKafkaReadsIt() {
    assertThat(OffsetReset.of(null).policy()).isEqualTo(Policy.EARLIEST);
    assertThat(reset("Earliest").policy()).isEqualTo(Policy.EARLIEST);
    assertThat(reset("latest").policy()).isEqualTo(Policy.LATEST);
    assertThat(reset("none").policy()).isEqualTo(Policy.NONE);
    assertThat(reset("by_duration:PT1H").back()).isEqualTo(Duration.ofHours(1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "first", "by_duration:", "by_duration:1h", "by_duration:-PT1H"})
  void offsetResetThatKafkaDoesNotKnowIsRefused(String value) {
    assertThatThrownBy(() -> reset(value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("auto.offset.reset")
        .hasMessageContaining(value);
  }

  @Test
  void secretsAreInNoText() {
    var draft = new ConsumerDraft<String, String>();
    draft.properties(Map.of("sasl.jaas.config", "password=\"hunter2\"", "group.id", "shop"));
    assertThat(draft.settings().toString()).contains("sasl.jaas.config").doesNotContain("hunter2");
  }

  @Test
  void producerForDeadLettersConnectsAsTheConsumerDoes() {
    Map<String, Object> properties =
        OwnProducer.properties(
            Map.of(
                "bootstrap.servers", "broker:9093",
                "security.protocol", "SASL_SSL",
                "ssl.truststore.location", "/trust",
                "sasl.jaas.config", "…",
                "client.id", "shop",
                "group.id", "shop",
                "max.poll.records", 10,
                "interceptor.classes", List.of("com.example.ForConsumers")));
    assertThat(properties)
        .containsEntry("security.protocol", "SASL_SSL")
        .containsEntry("ssl.truststore.location", "/trust")
        .containsEntry("sasl.jaas.config", "…")
        .containsEntry("client.id", "shop-dead-letters")
        .containsEntry("acks", "all")
        .doesNotContainKeys("group.id", "max.poll.records", "interceptor.classes");
  }
}
