package dev.millrace.kafka.internal.properties;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.millrace.kafka.internal.settings.ConsumerDraft;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Properties without a reader are logged once, and never with their value. */
class UnknownPropertiesTest {

  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.millrace.kafka.settings");
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.WARN);
    logger.setAdditive(false);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(log);
    logger.setLevel(null);
    logger.setAdditive(true);
  }

  /** Knows one property of its own. */
  public static final class Configured extends StringDeserializer {
    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
      assertThat(configs.get("schema.registry.url")).isEqualTo("http://localhost:1");
    }
  }

  private List<String> warnings(Map<String, String> more) {
    Map<String, Object> properties = new HashMap<>(more);
    properties.put("bootstrap.servers", "localhost:1");
    properties.put("group.id", "test");
    properties.put("key.deserializer", StringDeserializer.class);
    properties.put("value.deserializer", Configured.class);
    properties.put("schema.registry.url", "http://localhost:1");
    var draft = new ConsumerDraft<String, String>();
    draft.properties(properties);
    draft.settings().newDeserialization().close();
    assertThat(log.list).allMatch(event -> event.getLevel() == Level.WARN);
    return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void misspeltPropertyIsToldWithTheNearestName() {
    assertThat(warnings(Map.of("max.pol.records", "7777")))
        .singleElement()
        .asString()
        .contains("'max.pol.records'", "'max.poll.records'")
        .doesNotContain("7777");
  }

  @Test
  void propertyThatIsNearToNoneIsToldAsWell() {
    assertThat(warnings(Map.of("colour.of.the.office.wall", "blue")))
        .singleElement()
        .asString()
        .contains("'colour.of.the.office.wall'", "leave it out");
  }

  @Test
  void whatClientsDeserializersAndPlugInsReadIsNotTold() {
    assertThat(
            warnings(
                Map.of(
                    "sasl.jaas.config", "…",
                    "linger.ms", "5", // of the producer of dead letters
                    "config.providers.file.class", "…",
                    "interceptor.classes", "com.example.Audit",
                    "audit.place.of.the.office", "…")))
        .isEmpty();
  }

  @Test
  void misspeltPropertyIsToldBesidePlugIns() {
    assertThat(
            warnings(
                Map.of("interceptor.classes", "com.example.Audit", "session.timeot.ms", "1000")))
        .singleElement()
        .asString()
        .contains("'session.timeout.ms'");
  }
}
