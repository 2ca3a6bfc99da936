package dev.millrace.testkit.chaos;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The settings of a worker, as {@code name=value} arguments of its process. Immutable.
 *
 * @param values the values by name; names that begin with {@code kafka.} are Kafka's own settings
 */
record WorkerSettings(Map<String, String> values) {

  WorkerSettings {
    values = Map.copyOf(values);
  }

  static WorkerSettings parse(String... arguments) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException("not name=value: " + argument);
      }
      values.put(argument.substring(0, equals), argument.substring(equals + 1));
    }
    return new WorkerSettings(values);
  }

  WorkerSettings with(String name, Object value) {
    Map<String, String> more = new LinkedHashMap<>(values);
    more.put(name, value.toString());
    return new WorkerSettings(more);
  }

  List<String> arguments() {
    List<String> arguments = new ArrayList<>();
    values.forEach((name, value) -> arguments.add(name + "=" + value));
    return arguments;
  }

  String text(String name) {
    return Objects.requireNonNull(values.get(name), () -> "there is no argument " + name + "=…");
  }

  String text(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  int number(String name) {
    return Integer.parseInt(text(name));
  }

  /** Kafka's own properties of the consumer. */
  Map<String, Object> kafka() {
    Map<String, Object> kafka = new LinkedHashMap<>();
    values.forEach(
        (name, value) -> {
          if (name.startsWith("kafka.")) {
            kafka.put(name.substring("kafka.".length()), value);
          }
        });
    return kafka;
  }
}
