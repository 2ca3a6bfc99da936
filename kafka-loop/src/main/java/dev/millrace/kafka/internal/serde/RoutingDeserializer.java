package dev.millrace.kafka.internal.serde;

import dev.millrace.kafka.internal.serde.RouteTable.Entry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Calls the deserializer of the record's route, and makes it before its first call. For one thread
 * at a time.
 */
final class RoutingDeserializer<H> implements Deserializer<Object> {

  private final RouteTable<H> table;
  private final Function<Entry<H>, Supplier<? extends Deserializer<?>>> makers;
  private final Map<Entry<H>, Deserializer<?>> made = new HashMap<>();

  RoutingDeserializer(
      RouteTable<H> table, Function<Entry<H>, Supplier<? extends Deserializer<?>>> makers) {
    this.table = table;
    this.makers = makers;
  }

  @Override
  public @Nullable Object deserialize(String topic, byte[] data) {
    throw new UnsupportedOperationException("a record's headers are needed for its route");
  }

  @Override
  public @Nullable Object deserialize(String topic, Headers headers, byte[] data) {
    Entry<H> route = table.of(topic, headers);
    Deserializer<?> deserializer = made.get(route);
    if (deserializer == null) {
      deserializer = makers.apply(route).get();
      made.put(route, deserializer);
    }
    return deserializer.deserialize(table.topic(topic, headers), headers, data);
  }

  @Override
  public void close() {
    List<Throwable> failures = new ArrayList<>();
    for (Deserializer<?> one : made.values()) {
      try {
        one.close();
      } catch (Throwable e) { // the others are closed nevertheless
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      throw new KafkaException(
          "%d deserializers of routes could not be closed".formatted(failures.size()),
          failures.getFirst());
    }
  }
}
