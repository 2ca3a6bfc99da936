package dev.millrace.kafka.internal.serde;

import dev.millrace.kafka.RetryHeaders;
import dev.millrace.kafka.internal.properties.Checks;
import dev.millrace.kafka.internal.properties.Patterns;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * The routes of a loop, with handlers of any type. Immutable, except for a cache of routes by
 * topic; thread-safe.
 *
 * @param <H> the type of the handlers
 */
public final class RouteTable<H> {

  /** Matches every topic. */
  public static final Pattern ANY = Pattern.compile(".*");

  /**
   * A route.
   *
   * @param pattern matches the topics
   * @param name the topic; null if there is a pattern of the application
   */
  public record Entry<H>(
      Pattern pattern,
      @Nullable String name,
      Supplier<? extends Deserializer<?>> keys,
      Supplier<? extends Deserializer<?>> values,
      H handler) {

    boolean matches(String topic) {
      return pattern.matcher(topic).matches();
    }

    @Override
    public String toString() {
      return name == null ? "pattern " + pattern : name;
    }
  }

  private final List<Entry<H>> entries;
  private final @Nullable Entry<H> otherwise;
  private final boolean skipsOthers;

  /** The topics whose records have their first topic among the headers. */
  private final Set<String> retries;

  private final Map<String, Optional<Entry<H>>> found = new ConcurrentHashMap<>();

  private RouteTable(
      List<Entry<H>> entries,
      @Nullable Entry<H> otherwise,
      boolean skipsOthers,
      Set<String> retries) {
    this.entries = entries;
    this.otherwise = otherwise;
    this.skipsOthers = skipsOthers;
    this.retries = Set.copyOf(retries);
  }

  /** The route of one topic. */
  public static <H> Entry<H> entry(
      String topic,
      Supplier<? extends Deserializer<?>> keys,
      Supplier<? extends Deserializer<?>> values,
      H handler) {
    String name = Checks.topicName("Route.of(…)", topic);
    return checked(new Entry<>(Pattern.compile(Pattern.quote(name)), name, keys, values, handler));
  }

  /** The route of all topics that match. */
  public static <H> Entry<H> entry(
      Pattern topics,
      Supplier<? extends Deserializer<?>> keys,
      Supplier<? extends Deserializer<?>> values,
      H handler) {
    return checked(
        new Entry<>(Objects.requireNonNull(topics, "topics"), null, keys, values, handler));
  }

  private static <H> Entry<H> checked(Entry<H> entry) {
    Objects.requireNonNull(entry.keys, "keys");
    Objects.requireNonNull(entry.values, "values");
    return entry;
  }

  /**
   * These routes, in this order.
   *
   * @throws IllegalArgumentException if there is none, or two routes have the same topic
   */
  public static <H> RouteTable<H> of(List<Entry<H>> entries) {
    if (entries.isEmpty()) {
      throw new IllegalArgumentException("there is no route: give at least one to Routes.of(…)");
    }
    Set<String> names = new HashSet<>();
    for (Entry<H> entry : entries) {
      if (entry.name != null && !names.add(entry.name)) {
        throw new IllegalArgumentException(
            "the topic '%s' has two routes: remove one of them".formatted(entry.name));
      }
    }
    return new RouteTable<>(List.copyOf(entries), null, false, Set.of());
  }

  /** The same, with a route for all other topics. */
  public RouteTable<H> otherwise(Entry<H> other) {
    return new RouteTable<>(entries, other, false, retries);
  }

  /** The same, without the records of all other topics. */
  public RouteTable<H> skipOthers() {
    return new RouteTable<>(entries, null, true, retries);
  }

  /** The same, in a loop with these retry topics. */
  public RouteTable<H> withRetries(Set<String> topics) {
    return new RouteTable<>(entries, otherwise, skipsOthers, topics);
  }

  /** The topics and the patterns, for people. */
  public List<String> names() {
    return entries.stream().map(Entry::toString).toList();
  }

  /** The topics to subscribe to; empty if there is a pattern. */
  public List<String> topics() {
    List<String> names = new ArrayList<>();
    for (Entry<H> entry : entries) {
      if (entry.name == null) {
        return List.of();
      }
      names.add(entry.name);
    }
    return names;
  }

  /** The pattern to subscribe to; null if all routes have names. */
  public @Nullable Pattern pattern() {
    return topics().isEmpty()
        ? entries.stream().map(Entry::pattern).reduce(Patterns::either).orElse(null)
        : null;
  }

  /** The route of a topic; empty if there is none. */
  public Optional<Entry<H>> of(String topic) {
    Optional<Entry<H>> known = found.get(topic);
    if (known == null) {
      known = entries.stream().filter(one -> one.matches(topic)).findFirst();
      known = known.isPresent() ? known : Optional.ofNullable(otherwise);
      found.put(topic, known);
    }
    return known;
  }

  /** Whether records of this topic are skipped. */
  public boolean skips(String topic) {
    return skipsOthers && !retries.contains(topic) && of(topic).isEmpty();
  }

  /**
   * Refuses a topic without a route.
   *
   * @throws IllegalArgumentException if there is no route, and other topics are not skipped
   */
  public void check(String topic) {
    if (!skipsOthers && !retries.contains(topic) && of(topic).isEmpty()) {
      throw new IllegalArgumentException(
          "no route matches the topic '%s', to which the loop is subscribed; the routes are %s: add a route, otherwise(…) or skipOthers(), or change topics(…)"
              .formatted(topic, names()));
    }
  }

  /** The topic that decides about the route: the first one, for a record of a retry topic. */
  String topic(String topic, Headers headers) {
    Header first = retries.contains(topic) ? headers.lastHeader(RetryHeaders.TOPIC) : null;
    return first == null ? topic : new String(first.value(), StandardCharsets.UTF_8);
  }

  /**
   * The route of a record.
   *
   * @throws IllegalStateException if there is none
   */
  public Entry<H> of(String topic, Headers headers) {
    String name = topic(topic, headers);
    return of(name)
        .orElseThrow(() -> new IllegalStateException("no route matches the topic '" + name + "'"));
  }

  /** The deserializers of all routes, made when they are needed. */
  @SuppressWarnings("unchecked") // the deserializers of a route fit its handler
  public <K, V> Deserialization<K, V> newDeserialization() {
    return new Deserialization<>(
        () -> (Deserializer<K>) new RoutingDeserializer<>(this, Entry::keys),
        () -> (Deserializer<V>) new RoutingDeserializer<>(this, Entry::values));
  }
}
