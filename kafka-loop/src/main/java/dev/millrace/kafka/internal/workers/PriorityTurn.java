package dev.millrace.kafka.internal.workers;

import dev.millrace.kafka.internal.handling.Priorities;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides by the priorities of the topics from which partition a worker takes. It chooses for each
 * record. Not thread-safe: each worker has its own.
 */
final class PriorityTurn<K, V> extends Turn<K, V> {

  private final Work<K, V> work;
  private final Priorities priorities;

  PriorityTurn(Work<K, V> work, Priorities priorities, BooleanSupplier stopped, Runnable wake) {
    super(work, stopped, wake);
    this.work = work;
    this.priorities = priorities;
  }

  @Override
  @Nullable Delivery<K, V> message() {
    for (Partition<K, V> partition : priorities.order(work.partitions())) {
      Delivery<K, V> delivery = take(partition);
      if (delivery != null) {
        return delivery;
      }
    }
    return null;
  }
}
