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
 *     log, which is a second old at most while its leader answers; those of a transaction that is
 *     open count. Empty as long as nobody has told where the end is
 * @param inFlight how many of its records are being handled
 * @param waiting how many of its records were fetched and not handed out: they wait for a handler,
 *     or for another record, by the {@link Ordering}
 * @param paused whether it is not polled now, because it is full or the application has said so
 * @param front the record that its commits wait for; null if all that was fetched is settled, and
 *     nothing keeps records from being fetched
 * @param withheld how many of the offsets of {@code lag} are behind a transaction that is open, so
 *     that a consumer of committed records does not get them; 0 for other consumers
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

  /** Of a partition of which nothing is withheld. */
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
