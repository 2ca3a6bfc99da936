package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Gate;
import dev.millrace.kafka.internal.settings.Pauses;
import org.jspecify.annotations.Nullable;

/**
 * Takes records from partitions, if the application has not paused them and the gate lets them
 * through. Thread-safe.
 */
public final class Selection {

  private final Gate gate;
  private final Pauses pauses;

  /** Takes through this gate. */
  public Selection(Gate gate, Pauses pauses) {
    this.gate = gate;
    this.pauses = pauses;
  }

  /** Whether a record of the partition is ready, and may be taken now. */
  public boolean hasReady(Partition<?, ?> partition) {
    return partition.hasReady()
        && !pauses.contains(partition.name())
        && (gate.isFree() || gate.isOpen(partition.name().topic()));
  }

  /** Like {@link Partition#take}; the record then has a place in the gate. */
  public <K, V> @Nullable Delivery<K, V> take(Partition<K, V> partition) {
    return take(partition, false);
  }

  /** Like {@link Partition#takeToHandle}; the record then has a place in the gate. */
  public <K, V> @Nullable Delivery<K, V> takeToHandle(Partition<K, V> partition) {
    return take(partition, true);
  }

  private <K, V> @Nullable Delivery<K, V> take(Partition<K, V> partition, boolean toHandle) {
    if (pauses.contains(partition.name())) {
      return null;
    }
    if (gate.isFree()) {
      return toHandle ? partition.takeToHandle() : partition.take();
    }
    String topic = partition.name().topic();
    if (!partition.hasReady() || !gate.enter(topic)) {
      return null;
    }
    Delivery<K, V> delivery = toHandle ? partition.takeToHandle() : partition.take();
    if (delivery == null) {
      gate.missed(topic);
    } else {
      gate.took(delivery, 1, delivery.bytes());
    }
    return delivery;
  }
}
