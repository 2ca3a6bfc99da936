package dev.millrace.kafka;

import java.util.Objects;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The progress of a partition at one moment. Immutable and thread-safe.
 *
 * @param partition the partition
 * @param lag the number of offsets from the first unsettled record to the end of the log; offsets
 *     of an open transaction count. The end of the log is at most a second old while the leader
 *     answers. Empty until the end is known
 * @param inFlight the number of records in handlers
 * @param waiting the number of records that were fetched and not handed out. They wait for a
 *     handler, or for another record, by the {@link Ordering}
 * @param paused whether the partition is not polled now, because it is full or the application
 *     paused it
 * @param front the record that the commits wait for; null if all fetched records are settled, and
 *     nothing keeps records from being fetched
 * @param withheld the part of {@code lag} that an open transaction hides from a consumer of
 *     committed records; 0 for other consumers
 */
public record PartitionStatus(
    TopicPartition partition,
    OptionalLong lag,
    int inFlight,
    int waiting,
    boolean paused,
    @Nullable Front front,
    long withheld) {

  /** Checks the parts. */
  public PartitionStatus {
    Objects.requireNonNull(partition, "partition");
    Objects.requireNonNull(lag, "lag");
  }

  /** The status of a partition without withheld offsets. */
  public PartitionStatus(
      TopicPartition partition,
      OptionalLong lag,
      int inFlight,
      int waiting,
      boolean paused,
      @Nullable Front front) {
    this(partition, lag, inFlight, waiting, paused, front, 0);
  }
}
