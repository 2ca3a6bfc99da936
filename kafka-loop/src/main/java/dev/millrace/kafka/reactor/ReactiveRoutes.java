package dev.millrace.kafka.reactor;

import dev.millrace.kafka.internal.serde.RouteTable;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.reactivestreams.Publisher;

/**
 * Like {@link dev.millrace.kafka.builder.Routes}, with handlers that return a publisher. Immutable
 * and thread-safe.
 */
public final class ReactiveRoutes {

  /** The function of a route; its types fit its deserializers. */
  @FunctionalInterface
  interface Step {
    Publisher<?> apply(ConsumerRecord<?, ?> record);
  }

  /**
   * The deserializers and the handler of a topic, or of the topics that match a pattern. Immutable
   * and thread-safe.
   */
  public static final class Route {
    private final RouteTable.Entry<Step> entry;

    private Route(RouteTable.Entry<Step> entry) {
      this.entry = entry;
    }

    /** The topic or the pattern, for people. */
    @Override
    public String toString() {
      return entry.toString();
    }
  }

  final RouteTable<Step> table;

  private ReactiveRoutes(RouteTable<Step> table) {
    this.table = table;
  }

  /**
   * The route of one topic.
   *
   * @param keys makes deserializers of keys, as in {@link dev.millrace.kafka.builder.Route#of}
   * @param values makes deserializers of values
   * @param handler handles a record, as in {@link ReactorKafkaLoop.Builder#handler}
   * @throws IllegalArgumentException if the name is not a legal topic name
   */
  public static <K, V> Route route(
      String topic,
      Supplier<? extends Deserializer<K>> keys,
      Supplier<? extends Deserializer<V>> values,
      Function<? super ConsumerRecord<K, V>, ? extends Publisher<?>> handler) {
    return new Route(RouteTable.entry(topic, keys, values, step(handler)));
  }

  /** The route of all topics whose whole name matches. */
  public static <K, V> Route matching(
      Pattern topics,
      Supplier<? extends Deserializer<K>> keys,
      Supplier<? extends Deserializer<V>> values,
      Function<? super ConsumerRecord<K, V>, ? extends Publisher<?>> handler) {
    return new Route(RouteTable.entry(topics, keys, values, step(handler)));
  }

  @SuppressWarnings("unchecked") // the record comes from the deserializers of the same route
  private static <K, V> Step step(
      Function<? super ConsumerRecord<K, V>, ? extends Publisher<?>> handler) {
    Objects.requireNonNull(handler, "handler");
    return record -> handler.apply((ConsumerRecord<K, V>) record);
  }

  /**
   * These routes, in this order.
   *
   * @throws IllegalArgumentException if there is none, or two routes have the same topic
   */
  public static ReactiveRoutes of(Route... routes) {
    return new ReactiveRoutes(RouteTable.of(Stream.of(routes).map(route -> route.entry).toList()));
  }

  /** The same, with a handler for the records of all other topics. */
  public <K, V> ReactiveRoutes otherwise(
      Supplier<? extends Deserializer<K>> keys,
      Supplier<? extends Deserializer<V>> values,
      Function<? super ConsumerRecord<K, V>, ? extends Publisher<?>> handler) {
    return new ReactiveRoutes(
        table.otherwise(matching(RouteTable.ANY, keys, values, handler).entry));
  }

  /** The same, but the records of all other topics are skipped. */
  public ReactiveRoutes skipOthers() {
    return new ReactiveRoutes(table.skipOthers());
  }

  /** Calls the handler of the record's route. */
  static <K, V> ReactiveHandler<K, V, ?> handler(RouteTable<?> routes) {
    return new ReactiveHandler<>(
        records -> {
          ConsumerRecord<K, V> record = records.getFirst();
          var step = (Step) routes.of(record.topic(), record.headers()).handler();
          return step.apply(record);
        },
        null);
  }

  /** The topics and the patterns, for people. */
  @Override
  public String toString() {
    return List.copyOf(table.names()).toString();
  }
}
