package dev.millrace.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.builder.LoopBuilder;
import java.util.Properties;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Settings in the forms that Kafka's own clients accept. */
class PropertiesAndPatternsTest {

  @ParameterizedTest
  @EnumSource
  void propertiesObjectIsTakenWithItsDefaults(BuilderFace face) {
    var defaults = new Properties();
    defaults.setProperty("group.id", "shop");
    var properties = new Properties(defaults);
    properties.setProperty("bootstrap.servers", "localhost:1");
    LoopBuilder<String, String, ?> builder = face.builder();
    face.handler(builder);
    builder.properties(properties);
    assertThat(builder.build().status().group()).isEqualTo("shop");
  }

  @ParameterizedTest
  @EnumSource
  void propertyWhoseNameIsNoTextIsNamed(BuilderFace face) {
    var properties = new Properties();
    properties.put(42, "x");
    assertThatThrownBy(() -> face.builder().properties(properties))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("42");
  }

  @ParameterizedTest
  @EnumSource
  void patternTakesThePlaceOfNames(BuilderFace face) {
    LoopBuilder<String, String, ?> builder = face.builder();
    face.handler(builder);
    builder.topics(Pattern.compile("orders-.*"));
    assertThat(builder.build().status().topics()).containsExactly("pattern orders-.*");
    builder.topics("orders");
    assertThat(builder.build().status().topics()).containsExactly("orders");
  }
}
