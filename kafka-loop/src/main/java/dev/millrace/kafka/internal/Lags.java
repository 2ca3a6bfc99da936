package dev.millrace.kafka.internal;

import java.time.Duration;
import java.util.Collection;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.Consumer;

/**
 * Asks the consumer how far the ends of the logs are, once a second; for the poll thread only. It
 * knows them from its last fetch: the broker is not asked, and nothing is waited for.
 */
final class Lags<K, V> {

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Consumer<?, ?> consumer;
  private long last = System.nanoTime() - INTERVAL.toNanos();

  Lags(Consumer<?, ?> consumer) {
    this.consumer = consumer;
  }

  void askIfDue(Collection<Partition<K, V>> partitions) {
    long now = System.nanoTime();
    if (now - last < INTERVAL.toNanos()) {
      return;
    }
    last = now;
    for (Partition<K, V> partition : partitions) {
      OptionalLong lag = consumer.currentLag(partition.name());
      if (lag.isPresent()) { // so it has a position as well
        partition.behind(consumer.position(partition.name()), lag.getAsLong());
      }
    }
  }
}
