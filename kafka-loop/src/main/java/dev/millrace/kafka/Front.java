package dev.millrace.kafka;

import java.time.Duration;
import java.util.Objects;
import org.apache.kafka.common.TopicPartition;

/**
 * The first record of a partition that is not settled, which all commits wait for. Immutable.
 *
 * @param partition whose it is
 * @param offset where it is
 * @param age how long it has been the first
 * @param why what it waits for, on one line for people; tells what its last attempt failed with
 */
public record Front(TopicPartition partition, long offset, Duration age, String why) {

  /** Checks the parts. */
  public Front {
    Objects.requireNonNull(partition, "partition");
    Objects.requireNonNull(age, "age");
    Objects.requireNonNull(why, "why");
  }

  /** Names the record, but shows nothing of it. */
  @Override
  public String toString() {
    return "%s stands at offset %d for %d s: %s".formatted(partition, offset, age.toSeconds(), why);
  }
}
