package dev.millrace.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.kafka.builder.LoopBuilder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Settings that contradict each other, or have no meaning, are refused before the loop runs. */
class RefusedSettingsTest {

  private static LoopBuilder<String, String, ?> with(BuilderFace face, String name, Object value) {
    Map<String, Object> properties =
        new HashMap<>(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"));
    properties.put(name, value);
    LoopBuilder<String, String, ?> builder = face.builder();
    builder.properties(properties);
    face.handler(builder);
    return builder;
  }

  @ParameterizedTest
  @EnumSource
  void secondHandlerIsRefusedAndBothAreNamed(BuilderFace face) {
    LoopBuilder<String, String, ?> twice = face.builder();
    face.handler(twice);
    face.handler(twice);
    assertThatThrownBy(twice::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("handler(…), handler(…)");
    LoopBuilder<String, String, ?> batches = face.builder();
    face.handler(batches);
    face.batchHandler(batches, 10);
    assertThatThrownBy(batches::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("handler(…), batchHandler(…)");
    LoopBuilder<String, String, ?> exactlyOnce = face.builder();
    face.transactionalHandler(exactlyOnce);
    face.handler(exactlyOnce);
    assertThatThrownBy(exactlyOnce::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("transactionalHandler(…), handler(…)");
  }

  /** Kafka's own text names no address: "No resolvable bootstrap urls given". */
  @ParameterizedTest
  @EnumSource
  void brokersWhoseHostsAreUnknownAreNamed(BuilderFace face) {
    LoopBuilder<String, String, ?> builder =
        with(face, "bootstrap.servers", "missing.invalid:9092");
    Loop loop = builder.build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasStackTraceContaining("bootstrap.servers=missing.invalid:9092");
  }

  @ParameterizedTest
  @EnumSource
  void twoPlacesForDeadLettersAreRefusedAndBothAreNamed(BuilderFace face) {
    LoopBuilder<String, String, ?> builder = face.builder();
    face.handler(builder);
    builder.deadLetterTopic("orders.dead");
    builder.deadLetters(letter -> {});
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("deadLetters(…)")
        .hasMessageContaining("deadLetterTopic(…)");
  }

  @ParameterizedTest
  @EnumSource
  @SuppressWarnings("NullAway") // as a caller without NullAway may do
  void namesThatNoTopicCanHaveAreRefused(BuilderFace face) {
    for (String name : Arrays.asList("", " ", "a,b", "a b", "..", "a/b", "x".repeat(250), null)) {
      assertThatThrownBy(() -> face.builder().topics("orders", name))
          .as("%s", name)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("topics(…)")
          .hasMessageContaining(String.valueOf(name));
      assertThatThrownBy(() -> face.builder().deadLetterTopic(name))
          .as("%s", name)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("deadLetterTopic(…)");
    }
  }

  @ParameterizedTest
  @EnumSource
  void batchThatTheLookAheadCannotHoldIsRefusedAndBothAreNamed(BuilderFace face) {
    LoopBuilder<String, String, ?> builder = face.builder();
    face.batchHandler(builder, 10_001);
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("look-ahead of 10000")
        .hasMessageContaining("batch of 10001");
    builder.lookAhead(10_001);
    assertThat(builder.build()).isNotNull();
  }

  @ParameterizedTest
  @CsvSource({
    "max.poll.interval.ms, 5m, milliseconds",
    "max.poll.records, many, whole number",
    "max.poll.records, 0, [1,...]",
    "fetch.max.bytes, 1MB, bytes",
    "check.crcs, maybe, true or false",
    "isolation.level, dirty, read_committed"
  })
  void valueOfAnotherTypeIsNamedWithWhatIsExpected(String name, String value, String expected) {
    for (BuilderFace face : BuilderFace.values()) {
      LoopBuilder<String, String, ?> builder = with(face, name, value);
      assertThatThrownBy(builder::build)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'" + name + "'")
          .hasMessageContaining("'" + value + "'")
          .hasMessageContaining(expected);
    }
  }

  @ParameterizedTest
  @EnumSource
  void numbersMayBeTextsAndNumbers(BuilderFace face) {
    assertThat(with(face, "max.poll.interval.ms", " 60000 ").build()).isNotNull();
    assertThat(with(face, "max.poll.interval.ms", 60_000).build()).isNotNull();
  }

  @ParameterizedTest
  @EnumSource
  void nullPropertyIsNamed(BuilderFace face) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("ssl.truststore.location", null);
    assertThatThrownBy(() -> face.builder().properties(properties))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'ssl.truststore.location' is null");
    assertThatThrownBy(() -> face.builder().producerProperties(properties))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'ssl.truststore.location' is null");
  }
}
