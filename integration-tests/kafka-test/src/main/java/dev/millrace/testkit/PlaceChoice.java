package dev.millrace.testkit;

import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The place of the brokers of this JVM, and the reason.
 *
 * @param target the addresses of an external broker, the image for Docker, or the empty text
 */
record PlaceChoice(Place place, String target, String reason) {

  static final String PLACE = "kafka.place";
  static final String BOOTSTRAP = "kafka.bootstrap";

  /** Made and printed once, at the first request. */
  private static final class OfThisJvm {
    static final PlaceChoice CHOICE = of(System::getProperty, DockerOffer::ofThisJvm);

    static {
      System.out.println(CHOICE.line());
    }
  }

  static PlaceChoice ofThisJvm() {
    return OfThisJvm.CHOICE;
  }

  /**
   * @throws IllegalStateException if the settings contradict each other, or demand a place that is
   *     not available
   */
  static PlaceChoice of(Function<String, @Nullable String> settings, Supplier<DockerOffer> docker) {
    String bootstrap = settings.apply(BOOTSTRAP);
    Place demanded = demanded(settings.apply(PLACE));
    if (bootstrap != null && (demanded == null || demanded == Place.EXTERNAL)) {
      return new PlaceChoice(Place.EXTERNAL, bootstrap, BOOTSTRAP + " says so");
    }
    if (bootstrap != null) {
      throw new IllegalStateException(
          "%s and %s contradict each other: give one of them".formatted(PLACE, BOOTSTRAP));
    }
    String demand = PLACE + " says so";
    return switch (demanded) {
      case EXTERNAL ->
          throw new IllegalStateException(
              PLACE + "=external needs " + BOOTSTRAP + "=host:port with it");
      case PROCESS -> new PlaceChoice(Place.PROCESS, "", demand);
      case DOCKER -> {
        DockerOffer offer = docker.get();
        if (offer.image() == null) {
          throw new IllegalStateException(PLACE + "=docker is not available: " + offer.reason());
        }
        yield new PlaceChoice(Place.DOCKER, offer.image(), demand);
      }
      case null -> {
        DockerOffer offer = docker.get();
        yield offer.image() == null
            ? new PlaceChoice(Place.PROCESS, "", offer.reason())
            : new PlaceChoice(Place.DOCKER, offer.image(), offer.reason());
      }
    };
  }

  private static @Nullable Place demanded(@Nullable String name) {
    if (name == null) {
      return null;
    }
    for (Place place : Place.values()) {
      if (place.name().toLowerCase(Locale.ROOT).equals(name)) {
        return place;
      }
    }
    throw new IllegalStateException(
        PLACE + " is process, docker or external, not \"" + name + "\"");
  }

  /** One line for the log of the tests. */
  String line() {
    String where =
        switch (place) {
          case PROCESS -> "in a child process";
          case DOCKER -> "in Docker, image " + target;
          case EXTERNAL -> "at " + target;
        };
    return "Kafka for these tests: " + where + " (" + reason + ")";
  }
}
