package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.Message;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Pauses;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Takes messages from the partitions in turn and deserializes them. It leaves out the partitions
 * that the application has paused. Only the thread that runs the loop calls it; other threads may
 * change the partitions meanwhile.
 */
public final class Intake<K, V> {

  private final Collection<Partition<K, V>> partitions;
  private final Pauses pauses;
  private final Handover<K, V> handover;
  private Iterator<Partition<K, V>> turn = Collections.emptyIterator();

  /** Takes from a live view of the partitions. */
  public Intake(Collection<Partition<K, V>> partitions, Pauses pauses, Handover<K, V> handover) {
    this.partitions = partitions;
    this.pauses = pauses;
    this.handover = handover;
  }

  /** The next message; null if none is ready now. */
  public @Nullable Message<K, V> next() {
    for (int i = 0; i < 2; i++) { // the rest of the turn, then a whole turn
      while (turn.hasNext()) {
        Partition<K, V> partition = turn.next();
        Delivery<K, V> message = pauses.contains(partition.name()) ? null : partition.take();
        if (message != null) {
          handover.prepare(message); // the handling of the message meets a failure
          return message;
        }
      }
      turn = partitions.iterator();
    }
    return null;
  }
}
