package dev.millrace.kafka;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Selects the dead letters to send back. Immutable and thread-safe; each method returns a narrower
 * filter.
 *
 * @param reason a part of the class or the message of the exception, in any case; null for all
 * @param group the consumer group that failed; null for all
 * @param topic the topic that the record came from; null for all
 * @param partition the partition that the record came from; null for all
 * @param key the key, as text in UTF-8; null for all
 * @param since the earliest time at which the record became a dead letter, inclusive; null for all
 * @param until the latest time, exclusive; null for all
 */
public record ReplayFilter(
    @Nullable String reason,
    @Nullable String group,
    @Nullable String topic,
    @Nullable Integer partition,
    @Nullable String key,
    @Nullable Instant since,
    @Nullable Instant until) {

  /** Selects all dead letters. */
  public static ReplayFilter all() {
    return new ReplayFilter(null, null, null, null, null, null, null);
  }

  /** Selects letters whose exception has this text in its class or its message, in any case. */
  public ReplayFilter reason(String part) {
    return new ReplayFilter(part, group, topic, partition, key, since, until);
  }

  /** Selects letters of one consumer group. */
  public ReplayFilter group(String name) {
    return new ReplayFilter(reason, name, topic, partition, key, since, until);
  }

  /** Selects letters that came from this topic. */
  public ReplayFilter topic(String name) {
    return new ReplayFilter(reason, group, name, partition, key, since, until);
  }

  /** Selects letters that came from the partition with this number. */
  public ReplayFilter partition(int number) {
    return new ReplayFilter(reason, group, topic, number, key, since, until);
  }

  /** Selects letters with this key. */
  public ReplayFilter key(String text) {
    return new ReplayFilter(reason, group, topic, partition, text, since, until);
  }

  /** Selects letters that became dead letters at this time or later. */
  public ReplayFilter since(Instant time) {
    return new ReplayFilter(reason, group, topic, partition, key, time, until);
  }

  /** Selects letters that became dead letters before this time. */
  public ReplayFilter until(Instant time) {
    return new ReplayFilter(reason, group, topic, partition, key, since, time);
  }

  /** Whether this filter selects this dead letter. */
  boolean takes(ConsumerRecord<byte[], byte[]> letter) {
    Instant at = Instant.ofEpochMilli(letter.timestamp());
    return (reason == null || hasReason(letter, reason.toLowerCase(Locale.ROOT)))
        && (group == null || group.equals(text(letter, DeadLetterHeaders.GROUP)))
        && (topic == null || topic.equals(text(letter, DeadLetterHeaders.TOPIC)))
        && (partition == null
            || partition.toString().equals(text(letter, DeadLetterHeaders.PARTITION)))
        && (key == null || hasKey(letter, key))
        && (since == null || !at.isBefore(since))
        && (until == null || at.isBefore(until));
  }

  private static boolean hasReason(ConsumerRecord<?, ?> letter, String part) {
    String thrown =
        text(letter, DeadLetterHeaders.EXCEPTION) + ": " + text(letter, DeadLetterHeaders.REASON);
    return thrown.toLowerCase(Locale.ROOT).contains(part);
  }

  private static boolean hasKey(ConsumerRecord<byte[], byte[]> letter, String key) {
    byte @Nullable [] known = letter.key();
    return known != null && key.equals(new String(known, StandardCharsets.UTF_8));
  }

  static @Nullable String text(ConsumerRecord<?, ?> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null
        ? null
        : new String(header.value(), StandardCharsets.UTF_8);
  }

  /** Lists the conditions. */
  @Override
  public String toString() {
    return "reason=%s, group=%s, topic=%s, partition=%s, key=%s, since=%s, until=%s"
        .formatted(
            any(reason), any(group), any(topic), any(partition), any(key), any(since), any(until));
  }

  private static Object any(@Nullable Object part) {
    return Objects.requireNonNullElse(part, "any");
  }
}
