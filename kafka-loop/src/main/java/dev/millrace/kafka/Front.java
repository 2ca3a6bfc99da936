package dev.millrace.kafka;

import java.time.Duration;
import java.util.Objects;
import org.apache.kafka.common.TopicPartition;

/**
 * The first unsettled record of a partition. No commit passes it. Immutable and thread-safe.
 *
 * @param partition the partition of the record
 * @param offset the offset of the record
 * @param age how long this record has been the first unsettled one
 * @param why the reason why the record is not settled, on one line for people; includes the failure
 *     of the last attempt
 */
public record Front(TopicPartition partition, long offset, Duration age, String why) {

  /** Checks the parts. */
  public Front {
    Objects.requireNonNull(partition, "partition");
    Objects.requireNonNull(age, "age");
    Objects.requireNonNull(why, "why");
  }

  /** Names the record and the reason. Shows no content of the record. */
  @Override
  public String toString() {
    return "%s stands at offset %d for %d s: %s".formatted(partition, offset, age.toSeconds(), why);
  }
}
