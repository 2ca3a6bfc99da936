package dev.millrace.kafka.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.ClassPath;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings that a share group does not have, and clients that have no share groups. */
class ShareSettingsTest {

  private static ShareLoop.Builder<String, String> builder(Map<String, Object> more) {
    Map<String, Object> properties = new HashMap<>(more);
    properties.putIfAbsent("bootstrap.servers", "localhost:1");
    properties.putIfAbsent("group.id", "test");
    return ShareLoop.<String, String>builder()
        .properties(properties)
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics("orders")
        .handler(record -> {});
  }

  @ParameterizedTest
  @CsvSource({
    "auto.offset.reset,earliest,share.auto.offset.reset",
    "isolation.level,read_committed,share.isolation.level",
    "enable.auto.commit,false,enable.auto.commit",
    "group.instance.id,one,group.instance.id",
    "session.timeout.ms,6000,share.session.timeout.ms",
    "max.poll.records,7,lookAhead(…)",
    "share.acknowledgement.mode,implicit,not handled"
  })
  void aPropertyThatAShareGroupDoesNotHaveIsRefused(String name, String value, String text) {
    assertThatThrownBy(() -> builder(Map.of(name, value)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(text);
  }

  @Test
  void settingsThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> builder(Map.of()).rejectFailed().deadLetterTopic("dead").build())
        .hasMessageContaining("rejectFailed()");
    assertThatThrownBy(() -> builder(Map.of()).deadLetterTopic("orders").build())
        .hasMessageContaining("deadLetterTopic(\"orders\")");
    assertThatThrownBy(() -> builder(Map.of()).lookAhead(0))
        .hasMessageContaining("the look-ahead must be at least 1");
    assertThatThrownBy(() -> builder(Map.of()).handler(record -> {}).build())
        .hasMessageContaining("one handler");
    assertThatThrownBy(() -> ShareLoop.builder().build()).hasMessageContaining("topics(…)");
    assertThatThrownBy(() -> ShareLoop.builder().topics("orders").build())
        .hasMessageContaining("bootstrap.servers");
  }

  /** An application that builds a loop. */
  public static final class Application implements Callable<String> {
    @Override
    public String call() {
      try {
        return "built, " + builder(Map.of()).build().health();
      } catch (IllegalStateException e) {
        return String.valueOf(e.getMessage());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.apache.kafka.clients.consumer.KafkaShareConsumer"
            + " org.apache.kafka.clients.consumer.ShareConsumer"
            + " org.apache.kafka.clients.consumer.AcknowledgementCommitCallback"
            + " org.apache.kafka.clients.consumer.AcknowledgeType",
        "org.apache.kafka.clients.consumer.AcknowledgeType"
      })
  void anOlderClientIsRefusedWithTheVersionThatIsNeeded(String missing) throws Exception {
    try (var path = ClassPath.withoutClasses(missing.split(" ", -1))) {
      assertThat(path.call(Application.class))
          .startsWith("share groups need kafka-clients 4.2 or later")
          .contains("KafkaLoop");
    }
  }
}
