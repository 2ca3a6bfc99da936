package dev.millrace.kafka.internal;

import java.time.Duration;
import org.apache.kafka.common.TopicPartition;

/**
 * The first record of a partition that is not settled, which all commits wait for.
 *
 * @param age how long it has been the first
 * @param why what it waits for
 */
public record Front(TopicPartition partition, long offset, Duration age, String why) {

  /** Names the record, but shows nothing of it. */
  @Override
  public String toString() {
    return "%s stands at offset %d for %d s: %s".formatted(partition, offset, age.toSeconds(), why);
  }
}
