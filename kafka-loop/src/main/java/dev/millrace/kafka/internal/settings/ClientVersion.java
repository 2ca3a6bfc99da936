package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.internal.text.Logs;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares the kafka-clients on the class path with the tested versions. A framework may set the
 * version of kafka-clients, and the application does not notice it. Thread-safe.
 */
final class ClientVersion {

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  private static final Pattern TESTED = Pattern.compile("4\\.[234]\\..*");

  /** Came with 4.1; the loops need it to leave a group in time. */
  private static final String NEEDED = "org.apache.kafka.clients.consumer.CloseOptions";

  /** In each kafka-clients; Kafka's class that reads it has moved in 4.4. */
  private static final String FILE = "/kafka/kafka-version.properties";

  private static final AtomicBoolean TOLD = new AtomicBoolean();

  private ClientVersion() {}

  /**
   * Refuses a client that is too old. Logs one line for a client that no build tests.
   *
   * @throws IllegalStateException if the client is too old
   */
  static void check() {
    String version = get();
    try {
      Class.forName(NEEDED, false, ClientVersion.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(
          "Millrace needs kafka-clients 4.1 or later, but the class path has kafka-clients %s: set the version in your build, because a framework may have set it"
              .formatted(version),
          e);
    }
    if (!isTested(version) && TOLD.compareAndSet(false, true)) {
      LOG.warn(
          "kafka-clients {} is on the class path, but Millrace is tested with 4.2 to 4.4: set the"
              + " version in your build, because a framework may have set it",
          version);
    }
  }

  /** The version of kafka-clients on the class path; 'unknown' if it does not tell. */
  static String get() {
    try (InputStream in = KafkaConsumer.class.getResourceAsStream(FILE)) {
      var properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      return properties.getProperty("version", "unknown").trim();
    } catch (IOException e) {
      return "unknown";
    }
  }

  static boolean isTested(String version) {
    return TESTED.matcher(version).matches();
  }
}
