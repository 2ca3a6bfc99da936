package dev.millrace.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.channel.ChannelConsumer;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.kafka.reactor.MessageFlux;
import dev.millrace.kafka.share.ShareLoop;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Settings that the builders of consumers without a handler, and of share loops, refuse. {@link
 * RefusedSettingsTest} has the loops.
 */
class RefusedConsumerSettingsTest {

  /** A builder, and the call that ends it. */
  enum Consumers {
    /** {@link ChannelConsumer}, which opens its consumer at once. */
    CHANNEL {
      @Override
      Object build(Map<String, ?> properties, String... topics) {
        return ChannelConsumer.<String, String>builder()
            .properties(properties)
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(topics)
            .open();
      }
    },
    /** {@link KafkaSource}. */
    SOURCE {
      @Override
      Object build(Map<String, ?> properties, String... topics) {
        return KafkaSource.<String, String>builder()
            .properties(properties)
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(topics)
            .build();
      }
    },
    /** {@link KafkaSource} with transactions. */
    TRANSACTIONAL_SOURCE {
      @Override
      Object build(Map<String, ?> properties, String... topics) {
        return KafkaSource.<String, String>builder()
            .properties(properties)
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(topics)
            .transactional()
            .build();
      }
    },
    /** {@link MessageFlux}. */
    FLUX {
      @Override
      Object build(Map<String, ?> properties, String... topics) {
        return MessageFlux.<String, String>builder()
            .properties(properties)
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(topics)
            .flux();
      }
    },
    /** {@link ShareLoop}. */
    SHARE_LOOP {
      @Override
      Object build(Map<String, ?> properties, String... topics) {
        return ShareLoop.<String, String>builder()
            .properties(properties)
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(topics)
            .handler(record -> {})
            .build();
      }
    };

    abstract Object build(Map<String, ?> properties, String... topics);
  }

  private static Map<String, Object> with(String name, @Nullable Object value) {
    Map<String, Object> properties =
        new HashMap<>(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"));
    properties.put(name, value);
    return properties;
  }

  @ParameterizedTest
  @EnumSource
  @SuppressWarnings("NullAway") // as a caller without NullAway may do
  void namesThatNoTopicCanHaveAreRefused(Consumers consumers) {
    for (String name : Arrays.asList("", " ", "a,b", "a b", "..", "a/b", "x".repeat(250), null)) {
      assertThatThrownBy(() -> consumers.build(with("client.id", "test"), "orders", name))
          .as("%s", name)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("topics(…)")
          .hasMessageContaining(String.valueOf(name));
    }
    assertThatThrownBy(() -> consumers.build(with("client.id", "test")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("call topics(…)");
  }

  @ParameterizedTest
  @EnumSource
  void valueOfAnotherTypeIsNamedWithWhatIsExpected(Consumers consumers) {
    assertThatThrownBy(() -> consumers.build(with("request.timeout.ms", "5m"), "orders"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'request.timeout.ms'")
        .hasMessageContaining("'5m'")
        .hasMessageContaining("milliseconds");
    assertThatThrownBy(() -> consumers.build(with("check.crcs", "maybe"), "orders"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'check.crcs'")
        .hasMessageContaining("true or false");
  }

  @ParameterizedTest
  @EnumSource
  void nullPropertyIsNamed(Consumers consumers) {
    assertThatThrownBy(() -> consumers.build(with("ssl.truststore.location", null), "orders"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'ssl.truststore.location' is null");
  }

  @ParameterizedTest
  @EnumSource
  void missingPropertyIsNamed(Consumers consumers) {
    for (String name : new String[] {"bootstrap.servers", "group.id"}) {
      for (String value : new String[] {"", " "}) {
        assertThatThrownBy(() -> consumers.build(with(name, value), "orders"))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("'" + name + "'");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void automaticCommitsAreRefused(Consumers consumers) {
    assertThatThrownBy(() -> consumers.build(with("enable.auto.commit", "true"), "orders"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("enable.auto.commit");
  }

  @ParameterizedTest
  @EnumSource(names = "CHANNEL", mode = EnumSource.Mode.EXCLUDE)
  void numbersMayBeTexts(Consumers consumers) {
    assertThat(consumers.build(with("request.timeout.ms", " 60000 "), "orders")).isNotNull();
  }
}
