package dev.millrace.kafka;

import java.util.Objects;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;

/**
 * How far a partition is at one moment. Immutable.
 *
 * @param partition which one it is
 * @param lag how many offsets there are from the first record that is not settled to the end of the
 *     log, as the last fetch saw it; empty as long as there was none
 * @param inFlight how many of its records are being handled
 * @param paused whether it is not polled now, because it is full or the application has said so
 */
public record PartitionStatus(
    TopicPartition partition, OptionalLong lag, int inFlight, boolean paused) {

  /** Checks the parts. */
  public PartitionStatus {
    Objects.requireNonNull(partition, "partition");
    Objects.requireNonNull(lag, "lag");
  }
}
