package dev.millrace.testkit.chaos.simulation;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** A transaction at the broker. */
final class SimulatedTransaction {

  enum State {
    OPEN,
    COMMITTED,
    ABORTED
  }

  /** A transactional id, with the epoch that fences older producers. */
  static final class Id {
    int epoch;
    long timeout;

    /** The newest one; null before the first. */
    @Nullable SimulatedTransaction last;
  }

  State state = State.OPEN;
  final long deadline;
  final Set<SimulatedLog> logs = new LinkedHashSet<>();
  final Map<TopicPartition, OffsetAndMetadata> offsets = new LinkedHashMap<>();

  /** The numbers of the group's writes of these offsets. */
  final Map<TopicPartition, Long> written = new LinkedHashMap<>();

  @Nullable SimulatedGroup group;

  SimulatedTransaction(long deadline) {
    this.deadline = deadline;
  }

  void end(boolean commits) {
    state = commits ? State.COMMITTED : State.ABORTED;
    logs.forEach(log -> log.ended(this));
    SimulatedGroup of = group;
    if (of != null) {
      of.transactionEnded(this);
    }
  }
}
