package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.internal.properties.Checks;
import dev.millrace.kafka.internal.properties.Patterns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The retry topics of a loop, in the order in which a record passes through them. Immutable.
 *
 * @param delays the delay of each topic
 */
public record RetryTopics(Map<String, Duration> delays) {

  /** There are none. */
  public static final RetryTopics NONE = new RetryTopics(Map.of());

  /**
   * These topics, and one more.
   *
   * @throws IllegalArgumentException if the name is illegal or known, or the delay is not positive
   */
  public RetryTopics with(String topic, Duration delay) {
    Checks.topicName("retryTopic(…)", topic);
    Checks.positive("the delay of the retry topic", delay);
    Map<String, Duration> more = new LinkedHashMap<>(delays);
    if (more.put(topic, delay) != null) {
      throw new IllegalArgumentException(
          "retryTopic(\"%s\", …) was called twice: each delay needs a topic of its own"
              .formatted(topic));
    }
    return new RetryTopics(Collections.unmodifiableMap(more));
  }

  boolean isEmpty() {
    return delays.isEmpty();
  }

  /** The topic after this one, or the first one for any other topic; null after the last one. */
  @Nullable String after(String topic) {
    List<String> names = new ArrayList<>(delays.keySet());
    int next = names.indexOf(topic) + 1;
    return next < names.size() ? names.get(next) : null;
  }

  /** Checks the topics against the other settings. */
  void check(ConsumerSettings<?, ?> consumer, boolean hasDeadLetters, @Nullable String letters) {
    for (String topic : delays.keySet()) {
      if (consumer.topics.contains(topic)) {
        throw new IllegalArgumentException(
            "retryTopic(\"%s\", …) is one of topics(…): leave it out there, the loop subscribes to it"
                .formatted(topic));
      }
      if (topic.equals(letters)) {
        throw new IllegalArgumentException(
            "\"%s\" is a retry topic and the dead-letter topic: give two topics".formatted(topic));
      }
    }
    if (!isEmpty() && !hasDeadLetters) {
      throw new IllegalArgumentException(
          "retryTopic(…) needs deadLetterTopic(…) or deadLetters(…), for a record that fails after"
              + " the last delay");
    }
  }

  /** The topics of the application and these; none if the application has none. */
  List<String> besides(List<String> topics) {
    return topics.isEmpty()
        ? topics
        : Stream.concat(topics.stream(), delays.keySet().stream()).toList();
  }

  /** The pattern to subscribe to: that of the application, or one of these names. */
  Pattern besides(Pattern pattern) {
    if (isEmpty()) {
      return pattern;
    }
    String names = delays.keySet().stream().map(Pattern::quote).collect(Collectors.joining("|"));
    return Patterns.either(pattern, Pattern.compile(names));
  }
}
