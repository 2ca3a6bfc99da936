package dev.millrace.kafka;

import java.util.Objects;

/**
 * A key with many records, as a bounded sketch has counted it. Immutable and thread-safe.
 *
 * @param topic the topic
 * @param key the key as text: UTF-8, or its bytes in hexadecimal; cut after 100 characters
 * @param records the number of records, at most {@code error} too high
 * @param error how much {@code records} may be too high
 */
public record HotKey(String topic, String key, long records, long error) {

  /** Checks the parts. */
  public HotKey {
    Objects.requireNonNull(topic, "topic");
    Objects.requireNonNull(key, "key");
  }
}
