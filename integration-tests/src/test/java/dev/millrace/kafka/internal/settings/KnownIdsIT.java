package dev.millrace.kafka.internal.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.TestKafka;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a broker says about transactional ids. */
@KafkaTest
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KnownIdsIT {

  private static boolean isKnown(String id, Map<String, Object> connection) {
    return KnownIds.contain(id, timeout -> Admin.create(connection));
  }

  @Test
  void idIsKnownFromItsFirstProducerOn(TestKafka kafka) {
    String id = "shop-" + UUID.randomUUID();
    Map<String, Object> connection = Map.of("bootstrap.servers", kafka.bootstrapServers());
    assertThat(isKnown(id, connection)).isFalse();
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers(), "transactional.id", id),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.initTransactions();
      assertThat(isKnown(id, connection)).isTrue();
    }
    assertThat(isKnown(id, connection)).isTrue(); // it outlives its producers
  }

  @Test
  void clusterThatDoesNotAnswerIsNoAnswer() {
    assertThatThrownBy(() -> isKnown("shop-1", Map.of("bootstrap.servers", "localhost:1")))
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("'shop-1'");
  }
}
