package dev.millrace.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The image that Docker offers for tests, or the reason why there is none. It downloads nothing: it
 * first asks the engine for each image that Testcontainers would download.
 *
 * @param image the image of Kafka; null if there is no image, no engine, or no Testcontainers
 */
record DockerOffer(@Nullable String image, String reason) {

  /** Testcontainers' own container, which removes the containers of killed JVMs. */
  private static final String RYUK = "testcontainers/ryuk";

  private static final String RYUK_DISABLED = "TESTCONTAINERS_RYUK_DISABLED";

  /** In a container, Testcontainers downloads an image to find out where the engine's ports are. */
  private static final String HOST = "TESTCONTAINERS_HOST_OVERRIDE";

  private static final class OfThisJvm {
    static final DockerOffer OFFER = look();

    private static DockerOffer look() {
      try {
        Class.forName("org.testcontainers.kafka.KafkaContainer");
      } catch (ClassNotFoundException e) {
        return nothing("testcontainers-kafka is not on the class path");
      }
      return of(
          images(System.getProperty("kafka.image"), clientVersion()),
          System.getenv(),
          Files.exists(Path.of("/.dockerenv")));
    }
  }

  /** From a file in each kafka-clients; Kafka's class that reads it has moved in 4.4. */
  private static String clientVersion() {
    try (InputStream in =
        KafkaConsumer.class.getResourceAsStream("/kafka/kafka-version.properties")) {
      var properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      return properties.getProperty("version", "unknown").trim();
    } catch (IOException e) {
      return "unknown";
    }
  }

  /** The engine is asked once: an engine that does not answer costs its timeout once. */
  static DockerOffer ofThisJvm() {
    return OfThisJvm.OFFER;
  }

  /** The images to look for: the demanded image, or the images of the client's version. */
  static List<String> images(@Nullable String demanded, String version) {
    return demanded == null
        ? List.of("local/kafka:" + version, "apache/kafka:" + version)
        : List.of(demanded);
  }

  /**
   * Asks the engine of the environment.
   *
   * @param inContainer whether this JVM is in a container; the engine may be outside of it
   */
  static DockerOffer of(List<String> images, Map<String, String> environment, boolean inContainer) {
    if (inContainer && !environment.containsKey(HOST)) {
      return nothing(
          "these tests are in a container: if the engine is in it too, set " + HOST + "=127.0.0.1");
    }
    String address = DockerEngine.address(environment);
    try {
      var engine = new DockerEngine(address);
      engine.ping();
      for (String image : images) {
        if (engine.has(image)) {
          return Boolean.parseBoolean(environment.get(RYUK_DISABLED)) || engine.hasAnyOf(RYUK)
              ? new DockerOffer(image, "the Docker engine at " + address + " has it")
              : nothing(
                  "the Docker engine has no image %s: pull it, or set %s=true"
                      .formatted(RYUK, RYUK_DISABLED));
        }
      }
      return nothing("the Docker engine has no image " + String.join(" or ", images));
    } catch (IOException e) {
      return nothing("no Docker engine answers at %s: %s".formatted(address, e.getMessage()));
    }
  }

  private static DockerOffer nothing(String reason) {
    return new DockerOffer(null, reason);
  }
}
