package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.Message;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Gate;
import dev.millrace.kafka.internal.settings.Pauses;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes messages from the partitions in turn and deserializes them. It leaves out the partitions
 * that the application has paused. Only the thread that runs the loop calls it; other threads may
 * change the partitions meanwhile.
 */
public final class Intake<K, V> {

  private final Collection<Partition<K, V>> partitions;
  private final Selection selection;
  private final Priorities priorities;
  private final Gate gate;
  private final Handover<K, V> handover;
  private Iterator<Partition<K, V>> turn = Collections.emptyIterator();

  /** Takes from a live view of the partitions. */
  public Intake(Collection<Partition<K, V>> partitions, Pauses pauses, Handover<K, V> handover) {
    this(partitions, pauses, handover, Gate.of(1), new Priorities(List.of()));
  }

  /** The same, through a gate, in the order of the priorities. */
  public Intake(
      Collection<Partition<K, V>> partitions,
      Pauses pauses,
      Handover<K, V> handover,
      Gate gate,
      Priorities priorities) {
    this.partitions = partitions;
    this.selection = new Selection(gate, pauses);
    this.handover = handover;
    this.gate = gate;
    this.priorities = priorities;
  }

  /** The next message; null if none is ready now. */
  public @Nullable Message<K, V> next() {
    if (!priorities.isNone()) {
      turn = priorities.order(partitions).iterator();
    }
    for (int i = 0; i < 2; i++) { // the rest of the turn, then a whole turn
      while (turn.hasNext()) {
        Partition<K, V> partition = turn.next();
        Delivery<K, V> message = selection.take(partition);
        if (message != null) {
          prepare(message);
          return message;
        }
      }
      turn = partitions.iterator();
    }
    return null;
  }

  /** The handling of the message meets a failure. */
  private void prepare(Delivery<K, V> message) {
    try {
      handover.prepare(message);
    } catch (Handover.HandedOver e) { // the message was given back
      gate.left(message, message.raw().topic());
      throw e;
    }
  }
}
