package dev.millrace.kafka.internal.properties;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigException;

/** Checks the Kafka properties of an application when they are given: bad ones are named. */
public final class KafkaProperties {

  private static final String PROVIDERS = "config.providers";

  /** Kafka makes instances of these, or resolves them, and reports a wrong value itself. */
  private static final Set<ConfigDef.Type> CHECKED_BY_KAFKA =
      Set.of(ConfigDef.Type.CLASS, ConfigDef.Type.LIST, ConfigDef.Type.PASSWORD);

  private KafkaProperties() {}

  /**
   * A copy.
   *
   * @throws IllegalArgumentException if a name or a value is null; the message names the property
   */
  public static Map<String, Object> copy(Map<?, ?> given) {
    Map<String, Object> copy = new HashMap<>();
    given.forEach((name, value) -> put(copy, name, value));
    return Map.copyOf(copy);
  }

  /** A copy, with the defaults that the properties were made with. */
  public static Map<String, Object> copy(Properties given) {
    Map<String, Object> copy = new HashMap<>();
    given.stringPropertyNames().forEach(name -> copy.put(name, given.getProperty(name)));
    given.forEach((name, value) -> put(copy, name, value));
    return Map.copyOf(copy);
  }

  @SuppressWarnings("ConstantValue") // NullAway trusts the callers; a caller may have no NullAway
  private static void put(Map<String, Object> copy, Object name, Object value) {
    if (!(name instanceof String text)) {
      throw new IllegalArgumentException(
          "the name of a Kafka property must be a String, but is " + name);
    }
    if (value == null) {
      throw new IllegalArgumentException(
          "the Kafka property '%s' is null: give it a value, or leave it out".formatted(text));
    }
    copy.put(text, value);
  }

  /**
   * Checks the values of the properties that Kafka's client defines.
   *
   * @throws IllegalArgumentException if a value has another type than its property, or is out of
   *     its range; the message has the property, the value, and the allowed values
   */
  public static void check(Map<String, ?> properties, ConfigDef definition) {
    boolean hasProviders = properties.containsKey(PROVIDERS);
    Map<String, ConfigKey> known = definition.configKeys();
    properties.forEach(
        (name, value) -> {
          ConfigKey key = known.get(name);
          boolean isVariable = hasProviders && value.toString().contains("${");
          if (key != null && !isVariable && !CHECKED_BY_KAFKA.contains(key.type)) {
            check(key, value);
          }
        });
  }

  private static void check(ConfigKey key, Object value) {
    try {
      Object parsed = ConfigDef.parseType(key.name, value, key.type);
      if (key.validator != null) {
        key.validator.ensureValid(key.name, parsed);
      }
    } catch (ConfigException e) {
      throw new IllegalArgumentException(
          "the Kafka property '%s' is '%s', but must be %s"
              .formatted(key.name, value, expected(key)),
          e);
    }
  }

  private static String expected(ConfigKey key) {
    String range = key.validator == null ? "" : ", within " + key.validator;
    return switch (key.type) {
      case INT, LONG, SHORT -> "a whole number" + unit(key.name) + range;
      case DOUBLE -> "a number" + range;
      case BOOLEAN -> "true or false";
      default -> "a text" + range;
    };
  }

  private static String unit(String name) {
    if (name.endsWith(".ms")) {
      return " of milliseconds, such as 30000 for 30 seconds";
    }
    return name.endsWith(".bytes") ? " of bytes" : "";
  }

  /** The name that is nearest to the given one; empty if none is near. */
  static String nearest(String given, Collection<String> names) {
    String best = "";
    int least = Math.max(2, given.length() / 4) + 1;
    for (String name : names) {
      int distance = distance(given, name);
      if (distance < least) {
        least = distance;
        best = name;
      }
    }
    return best;
  }

  /** Levenshtein's distance: how many characters to add, drop or change. */
  private static int distance(String a, String b) {
    int[] before = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      before[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = before[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, 1 + Math.min(before[j], row[j - 1]));
      }
      before = row;
    }
    return before[b.length()];
  }
}
