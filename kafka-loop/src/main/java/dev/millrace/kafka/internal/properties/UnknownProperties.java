package dev.millrace.kafka.internal.properties;

import java.util.AbstractMap;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the properties that no Kafka client and no deserializer reads: most of them are misspelt.
 *
 * <p>Kafka's clients list the names that they read. The deserializers receive a {@link #map} that
 * remembers the names they ask for. A deserializer that copies the map may know every name. The
 * plug-ins that Kafka itself configures, such as interceptors, cannot be watched. With such a
 * plug-in, a name is reported only if it is near to a name of Kafka's clients.
 */
public final class UnknownProperties {

  private static final Logger LOG = LoggerFactory.getLogger("dev.millrace.kafka.settings");

  private static final Set<String> KNOWN = new HashSet<>();

  /** Prefixes of names that Kafka's clients build from other values. */
  private static final List<String> PREFIXES = List.of("config.providers.", "metrics.jmx.");

  /** Properties that name plug-ins, which may read any property. */
  private static final List<String> PLUG_INS =
      List.of(
          ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG,
          ConsumerConfig.METRIC_REPORTER_CLASSES_CONFIG,
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
          "sasl.client.callback.handler.class",
          "sasl.login.callback.handler.class",
          "sasl.login.class",
          "ssl.engine.factory.class",
          "security.providers");

  static {
    KNOWN.addAll(ConsumerConfig.configNames());
    KNOWN.addAll(ProducerConfig.configNames());
    KNOWN.addAll(AdminClientConfig.configNames());
  }

  private final Map<String, Object> properties;
  private final Set<String> read = ConcurrentHashMap.newKeySet();
  private volatile boolean readAll;

  public UnknownProperties(Map<String, Object> properties) {
    this.properties = properties;
  }

  /** The properties for a deserializer. The names that it asks for then count as known. */
  public Map<String, Object> map() {
    return new AbstractMap<>() {
      @Override
      public @Nullable Object get(Object name) {
        read.add(String.valueOf(name));
        return properties.get(name);
      }

      @Override
      public boolean containsKey(Object name) {
        read.add(String.valueOf(name));
        return properties.containsKey(name);
      }

      @Override
      public Set<Entry<String, Object>> entrySet() {
        readAll = true;
        return properties.entrySet();
      }

      @Override
      public int size() {
        return properties.size();
      }
    };
  }

  /** Logs the name of each unread property at WARN; never its value. */
  public void warn() {
    for (String name : names()) {
      String nearest = KafkaProperties.nearest(name, KNOWN);
      LOG.warn(
          "no Kafka client and no deserializer reads the property '{}': {}",
          name,
          nearest.isEmpty() ? "leave it out" : "is '" + nearest + "' meant?");
    }
  }

  /** The names of the unread properties. */
  Collection<String> names() {
    boolean hasPlugIns = readAll || PLUG_INS.stream().anyMatch(properties::containsKey);
    Set<String> unknown = new TreeSet<>();
    for (String name : properties.keySet()) {
      boolean isKnown =
          KNOWN.contains(name)
              || read.contains(name)
              || PREFIXES.stream().anyMatch(name::startsWith);
      if (!isKnown && !(hasPlugIns && KafkaProperties.nearest(name, KNOWN).isEmpty())) {
        unknown.add(name);
      }
    }
    return unknown;
  }
}
