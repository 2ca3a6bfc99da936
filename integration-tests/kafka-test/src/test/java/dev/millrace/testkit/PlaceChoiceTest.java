package dev.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PlaceChoiceTest {

  private static final DockerOffer NOTHING = new DockerOffer(null, "there is none");
  private static final DockerOffer IMAGE = new DockerOffer("kafka:1", "it is there");

  private static PlaceChoice choice(DockerOffer docker, Map<String, String> settings) {
    return PlaceChoice.of(settings::get, () -> docker);
  }

  /** A choice that must not ask Docker. */
  private static PlaceChoice choice(Map<String, String> settings) {
    return PlaceChoice.of(
        settings::get,
        () -> {
          throw new AssertionError("Docker was asked");
        });
  }

  @Test
  void dockerIsChosenWhereItIsAndProcessesElsewhere() {
    assertThat(choice(IMAGE, Map.of()))
        .isEqualTo(new PlaceChoice(Place.DOCKER, "kafka:1", "it is there"));
    assertThat(choice(NOTHING, Map.of()))
        .isEqualTo(new PlaceChoice(Place.PROCESS, "", "there is none"));
  }

  @Test
  void demandedPlaceIsTaken() {
    assertThat(choice(Map.of("kafka.place", "process")).place()).isEqualTo(Place.PROCESS);
    assertThat(choice(IMAGE, Map.of("kafka.place", "docker")).target()).isEqualTo("kafka:1");
    assertThat(choice(Map.of("kafka.bootstrap", "127.0.0.1:1")))
        .isEqualTo(new PlaceChoice(Place.EXTERNAL, "127.0.0.1:1", "kafka.bootstrap says so"));
    assertThat(choice(Map.of("kafka.place", "external", "kafka.bootstrap", "a:1")).target())
        .isEqualTo("a:1");
  }

  @Test
  void demandThatCanNotBeMetIsAnError() {
    assertThatThrownBy(() -> choice(NOTHING, Map.of("kafka.place", "docker")))
        .hasMessage("kafka.place=docker is not available: there is none");
    assertThatThrownBy(() -> choice(Map.of("kafka.place", "external")))
        .hasMessageContaining("needs kafka.bootstrap=host:port");
    assertThatThrownBy(() -> choice(Map.of("kafka.place", "process", "kafka.bootstrap", "a:1")))
        .hasMessageContaining("contradict");
    assertThatThrownBy(() -> choice(Map.of("kafka.place", "cloud")))
        .hasMessageContaining("process, docker or external, not \"cloud\"");
  }

  @Test
  void lineSaysWhereAndWhy() {
    assertThat(choice(NOTHING, Map.of()).line())
        .isEqualTo("Kafka for these tests: in a child process (there is none)");
    assertThat(choice(IMAGE, Map.of()).line())
        .isEqualTo("Kafka for these tests: in Docker, image kafka:1 (it is there)");
  }
}
