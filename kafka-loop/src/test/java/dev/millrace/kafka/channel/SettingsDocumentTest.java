package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.builder.ConsumerBuilder;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.reactor.MessageFlux;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page with the settings. */
class SettingsDocumentTest {

  private static final Path PAGE = Path.of("..", "docs", "kafka-settings.md");

  private static Set<String> settings() {
    return Stream.<Class<?>>of(
            ConsumerBuilder.class,
            LoopBuilder.class,
            KafkaLoop.Builder.class,
            ReactorKafkaLoop.Builder.class,
            MessageFlux.Builder.class)
        .flatMap(type -> Stream.of(type.getDeclaredMethods()))
        .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isBridge())
        .map(method -> method.getName())
        .filter(name -> !name.equals("build") && !name.equals("flux"))
        .collect(Collectors.toSet());
  }

  @Test
  void everySettingIsOnThePageWithUnitAndDefault() throws IOException {
    Set<String> onThePage =
        Files.readAllLines(PAGE).stream()
            .map(line -> line.split("\\|"))
            .filter(
                cells -> cells.length == 5 && Stream.of(cells).skip(1).noneMatch(String::isBlank))
            .map(cells -> cells[1].strip().replace("`", ""))
            .filter(name -> !name.startsWith("-") && !name.equals("setting"))
            .collect(Collectors.toSet());
    assertThat(onThePage).isEqualTo(settings());
  }
}
