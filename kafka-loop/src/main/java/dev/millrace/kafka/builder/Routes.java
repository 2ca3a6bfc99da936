package dev.millrace.kafka.builder;

import dev.millrace.kafka.LoopFigures;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.internal.serde.RouteTable;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * One loop for many topics: each {@link Route} has its own deserializers and its own handler.
 * Immutable and thread-safe.
 *
 * <pre>{@code
 * Routes.of(
 *     Route.of("orders", StringDeserializer::new, OrderDeserializer::new, order -> save(order)),
 *     Route.matching(Pattern.compile("audit\\..*"), …, …, entry -> log(entry)))
 * }</pre>
 *
 * <p>The loop subscribes to the topics of its routes, unless {@link ConsumerBuilder#topics} sets
 * other topics. A record goes to the first route whose topic or pattern matches. A record of a
 * {@link LoopBuilder#retryTopic} goes to the route of its first topic.
 *
 * <p>A topic may have no route. If it is given by name, {@code build()} refuses it. If the pattern
 * of the subscription matches it, the loop stops when it gets a partition of the topic. {@link
 * #otherwise} and {@link #skipOthers} change that.
 */
public final class Routes {

  final RouteTable<RecordHandler<?, ?>> table;

  private Routes(RouteTable<RecordHandler<?, ?>> table) {
    this.table = table;
  }

  /**
   * These routes, in this order.
   *
   * @throws IllegalArgumentException if there is none, or two routes have the same topic
   */
  public static Routes of(Route... routes) {
    return new Routes(RouteTable.of(Stream.of(routes).map(route -> route.entry).toList()));
  }

  /** The same, with a handler for the records of all other topics; see {@link Route#of}. */
  public <K, V> Routes otherwise(
      Supplier<? extends Deserializer<K>> keys,
      Supplier<? extends Deserializer<V>> values,
      RecordHandler<K, V> handler) {
    return new Routes(table.otherwise(Route.matching(RouteTable.ANY, keys, values, handler).entry));
  }

  /**
   * The same, but the records of all other topics are skipped: settled without being deserialized
   * or handled. They are counted as {@link LoopFigures#skipped}.
   */
  public Routes skipOthers() {
    return new Routes(table.skipOthers());
  }

  /** The topics and the patterns, for people. */
  @Override
  public String toString() {
    return List.copyOf(table.names()).toString();
  }
}
