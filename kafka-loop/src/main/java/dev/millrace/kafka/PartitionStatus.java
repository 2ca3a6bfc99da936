package dev.millrace.kafka;

import java.util.Objects;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * How far a partition is at one moment. Immutable.
 *
 * @param partition which one it is
 * @param lag how many offsets there are from the first record that is not settled to the end of the
 *     log, as the last fetch saw it; empty as long as there was none
 * @param inFlight how many of its records are being handled
 * @param waiting how many of its records were fetched and not handed out: they wait for a handler,
 *     or for another record, by the {@link Ordering}
 * @param paused whether it is not polled now, because it is full or the application has said so
 * @param front the record that its commits wait for; null if all that was fetched is settled
 */
public record PartitionStatus(
    TopicPartition partition,
    OptionalLong lag,
    int inFlight,
    int waiting,
    boolean paused,
    @Nullable Front front) {

  /** Checks the parts. */
  public PartitionStatus {
    Objects.requireNonNull(partition, "partition");
    Objects.requireNonNull(lag, "lag");
  }
}
