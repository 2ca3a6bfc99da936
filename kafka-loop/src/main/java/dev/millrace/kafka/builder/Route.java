package dev.millrace.kafka.builder;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.internal.serde.RouteTable;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * The deserializers and the handler of a topic, or of the topics that match a pattern; see {@link
 * Routes}. Immutable and thread-safe. The compiler checks that the deserializers fit the handler.
 */
public final class Route {

  final RouteTable.Entry<RecordHandler<?, ?>> entry;

  private Route(RouteTable.Entry<RecordHandler<?, ?>> entry) {
    this.entry = entry;
  }

  /**
   * The route of one topic.
   *
   * @param keys makes deserializers of keys, which are not configured: one for each partition that
   *     is deserialized at the same time. They are closed at the end of the loop
   * @param values the same for values
   * @param handler handles a record; may block
   * @throws IllegalArgumentException if the name is not a legal topic name
   */
  public static <K, V> Route of(
      String topic,
      Supplier<? extends Deserializer<K>> keys,
      Supplier<? extends Deserializer<V>> values,
      RecordHandler<K, V> handler) {
    return new Route(RouteTable.entry(topic, keys, values, checked(handler)));
  }

  /** The route of all topics whose whole name matches; see {@link #of}. */
  public static <K, V> Route matching(
      Pattern topics,
      Supplier<? extends Deserializer<K>> keys,
      Supplier<? extends Deserializer<V>> values,
      RecordHandler<K, V> handler) {
    return new Route(RouteTable.entry(topics, keys, values, checked(handler)));
  }

  private static RecordHandler<?, ?> checked(RecordHandler<?, ?> handler) {
    return Objects.requireNonNull(handler, "handler");
  }

  /** The topic or the pattern, for people. */
  @Override
  public String toString() {
    return entry.toString();
  }
}
