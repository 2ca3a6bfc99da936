package dev.millrace.kafka.internal.properties;

import java.time.Duration;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Checks single settings when they are given. */
public final class Checks {

  private static final Pattern TOPIC_NAME = Pattern.compile("[a-zA-Z0-9._-]{1,249}");

  private Checks() {}

  /** The number, if it is positive. */
  public static int positive(String what, int number) {
    if (number < 1) {
      throw new IllegalArgumentException(what + " must be at least 1, but is " + number);
    }
    return number;
  }

  /** The duration, if it is positive. */
  public static Duration positive(String what, Duration duration) {
    if (!Objects.requireNonNull(duration, what).isPositive()) {
      throw new IllegalArgumentException(what + " must be positive, but is " + duration);
    }
    return duration;
  }

  /**
   * The name of a topic, if it can be one.
   *
   * @throws IllegalArgumentException if it cannot; the message has the name and the reason
   */
  public static String topicName(String setting, @Nullable String name) {
    if (name == null) {
      throw new IllegalArgumentException(setting + ": the name of a topic is null");
    }
    if (name.contains(",")) {
      throw new IllegalArgumentException(
          "%s: '%s' is one name with a comma in it: give each topic as a text of its own"
              .formatted(setting, name));
    }
    if (!TOPIC_NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
      throw new IllegalArgumentException(
          "%s: '%s' cannot be the name of a topic: names have 1 to 249 letters, digits, '.', '_' and '-'"
              .formatted(setting, name));
    }
    return name;
  }
}
