package dev.millrace.kafka.internal.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.ClassPath;
import dev.millrace.kafka.channel.KafkaLoop;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The version of kafka-clients that a framework has set. */
class ClientVersionTest {

  /** An application that builds a loop. */
  public static final class Application implements Callable<String> {
    @Override
    public String call() {
      try {
        return "built, "
            + KafkaLoop.<String, String>builder()
                .properties(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"))
                .deserializers(new StringDeserializer(), new StringDeserializer())
                .topics("orders")
                .handler(record -> {})
                .build()
                .health();
      } catch (IllegalStateException e) {
        return String.valueOf(e.getMessage());
      }
    }
  }

  @Test
  void anOlderClientIsRefusedWithTheVersionThatIsNeeded() throws Exception {
    try (var path = ClassPath.withoutClasses("org.apache.kafka.clients.consumer.CloseOptions")) {
      assertThat(path.call(Application.class))
          .startsWith("Millrace needs kafka-clients 4.1 or later")
          .contains("kafka-clients " + ClientVersion.get());
    }
  }

  @Test
  void theClientOfThisBuildIsTested() {
    assertThat(ClientVersion.isTested(ClientVersion.get())).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.9.1", "4.1.2", "4.10.0", "4.5.0", "5.2.0", "unknown"})
  void otherVersionsAreNot(String version) {
    assertThat(ClientVersion.isTested(version)).isFalse();
  }
}
