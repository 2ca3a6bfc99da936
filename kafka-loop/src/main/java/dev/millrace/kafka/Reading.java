package dev.millrace.kafka;

import dev.millrace.kafka.internal.properties.Checks;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The partitions that a loop without a group reads, from where, and to where. Immutable and
 * thread-safe.
 *
 * <pre>{@code
 * .assign(Reading.topics("orders").from(Instant.parse("2026-01-01T00:00:00Z")).untilEnd())
 * .assign(Reading.topics("orders").fromEnd())                    // a tail
 * .assign(Reading.offsets(positions).onPosition(positions::put)) // positions of your own
 * }</pre>
 *
 * @param topics all present partitions of these topics
 * @param partitions these partitions too
 * @param offsets these partitions too, from these offsets on
 * @param place where the partitions without an offset start
 * @param time the time of {@link Place#TIME}; null for other places
 * @param endsAtEnd whether the loop ends when the records that exist at its start are settled
 * @param listener receives positions
 */
public record Reading(
    Set<String> topics,
    Set<TopicPartition> partitions,
    Map<TopicPartition, Long> offsets,
    Place place,
    @Nullable Instant time,
    boolean endsAtEnd,
    BiConsumer<? super TopicPartition, ? super Long> listener) {

  /** A place in a log. */
  public enum Place {
    /** The first record. */
    BEGINNING,
    /** Behind the last record. */
    END,
    /** The first record that is not older than a time. */
    TIME
  }

  /** Checks the parts. */
  public Reading {
    topics = Set.copyOf(topics);
    partitions = Set.copyOf(partitions);
    offsets = Map.copyOf(offsets);
    Objects.requireNonNull(place, "place");
    Objects.requireNonNull(listener, "listener");
    if (topics.isEmpty() && partitions.isEmpty() && offsets.isEmpty()) {
      throw new IllegalArgumentException("there is nothing to read: name a topic or a partition");
    }
    offsets.forEach(
        (name, offset) -> {
          if (offset < 0) {
            throw new IllegalArgumentException(
                "the offset of %s must not be negative, but is %d".formatted(name, offset));
          }
        });
  }

  private static Reading of(
      Set<String> topics, Set<TopicPartition> partitions, Map<TopicPartition, Long> offsets) {
    return new Reading(
        topics, partitions, offsets, Place.BEGINNING, null, false, (name, offset) -> {});
  }

  /**
   * All partitions that these topics have when the loop starts, from their beginning on, without an
   * end.
   *
   * @throws IllegalArgumentException if a name is not a legal topic name, or there is none
   */
  public static Reading topics(String... names) {
    List<String> checked =
        Stream.of(names).map(name -> Checks.topicName("Reading.topics(…)", name)).toList();
    return of(Set.copyOf(checked), Set.of(), Map.of());
  }

  /** These partitions, from their beginning on, without an end. */
  public static Reading partitions(Collection<TopicPartition> names) {
    return of(Set.of(), Set.copyOf(names), Map.of());
  }

  /** These partitions, from these offsets on, without an end. */
  public static Reading offsets(Map<TopicPartition, Long> positions) {
    return of(Set.of(), Set.of(), positions);
  }

  /** Starts at the end of each partition: the loop gets only records that are written later. */
  public Reading fromEnd() {
    return new Reading(topics, partitions, offsets, Place.END, null, endsAtEnd, listener);
  }

  /** Starts at the first record that is not older than this time; at the end if there is none. */
  public Reading from(Instant start) {
    Objects.requireNonNull(start, "start");
    return new Reading(topics, partitions, offsets, Place.TIME, start, endsAtEnd, listener);
  }

  /** Starts some of the partitions at these offsets. */
  public Reading at(Map<TopicPartition, Long> positions) {
    Map<TopicPartition, Long> all = new HashMap<>(offsets);
    all.putAll(positions);
    return new Reading(topics, partitions, all, place, time, endsAtEnd, listener);
  }

  /**
   * Ends the loop, as a drain does, when all records are settled that existed at its start. Later
   * records are not handed out.
   */
  public Reading untilEnd() {
    return new Reading(topics, partitions, offsets, place, time, true, listener);
  }

  /**
   * Receives the position of each partition: the offset before which all records are settled. The
   * poll thread calls the receiver instead of a commit: after each {@link
   * dev.millrace.kafka.builder.LoopBuilder#commitInterval} if the position has changed, and at the
   * end. The receiver must not block. An exception is logged, and the receiver is called again with
   * that position.
   */
  public Reading onPosition(BiConsumer<? super TopicPartition, ? super Long> receiver) {
    return new Reading(topics, partitions, offsets, place, time, endsAtEnd, receiver);
  }
}
