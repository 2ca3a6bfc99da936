package dev.millrace.kafka.internal;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Where to go on when there is no position, or it is not in the log: by the application's {@code
 * auto.offset.reset}. Immutable; used by the poll thread only.
 *
 * <p>Kafka's consumer is told {@code none}, and this does what the application has told: left to
 * itself the consumer would jump over records that retention has deleted, or back to the beginning
 * of a topic that was made anew, and say nothing.
 */
record OffsetReset(Policy policy, @Nullable Duration back, Duration timeout) {

  private static final String BY_DURATION = "by_duration:";

  /** What the property can say. */
  enum Policy {
    EARLIEST,
    LATEST,
    BY_DURATION,
    NONE
  }

  /**
   * By the property's value; {@code earliest} if there is none.
   *
   * @throws IllegalArgumentException if Kafka knows no such value
   */
  static OffsetReset of(@Nullable Object property, Duration timeout) {
    String text = property == null ? "earliest" : property.toString().strip();
    String name = text.toLowerCase(Locale.ROOT);
    return switch (name) {
      case "earliest" -> new OffsetReset(Policy.EARLIEST, null, timeout);
      case "latest" -> new OffsetReset(Policy.LATEST, null, timeout);
      case "none" -> new OffsetReset(Policy.NONE, null, timeout);
      default -> {
        if (!name.startsWith(BY_DURATION)) {
          throw refused(text, null);
        }
        try {
          Duration back = Duration.parse(text.substring(BY_DURATION.length()));
          if (back.isNegative()) {
            throw refused(text, null);
          }
          yield new OffsetReset(Policy.BY_DURATION, back, timeout);
        } catch (DateTimeParseException e) {
          throw refused(text, e);
        }
      }
    };
  }

  private static IllegalArgumentException refused(String text, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "%s is '%s', but must be earliest, latest, none, or by_duration:PnDTnHnMn"
            .formatted(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, text),
        cause);
  }

  /**
   * Finds new positions, seeks them, and says why if records may have been lost or come again.
   *
   * @return the new positions
   * @throws InvalidOffsetException the same, if the policy is {@code none}
   */
  Map<TopicPartition, Long> apply(
      org.apache.kafka.clients.consumer.Consumer<?, ?> consumer,
      InvalidOffsetException problem,
      Consumer<? super Exception> report) {
    if (policy == Policy.NONE) {
      throw problem;
    }
    Map<TopicPartition, Long> positions = new HashMap<>(targets(consumer, problem.partitions()));
    if (problem instanceof LogTruncationException cut) {
      // What was before is as it was: going on from there is right, whatever the policy says.
      Map<TopicPartition, OffsetAndMetadata> known = cut.divergentOffsets();
      known.forEach((name, offset) -> positions.put(name, offset.offset()));
    }
    positions.forEach(consumer::seek);
    if (problem instanceof OffsetOutOfRangeException outOfRange) {
      outOfRange
          .offsetOutOfRangePartitions()
          .forEach((name, from) -> report.accept(said(name, from, positions.get(name), problem)));
    }
    return positions;
  }

  private Map<TopicPartition, Long> targets(
      org.apache.kafka.clients.consumer.Consumer<?, ?> consumer, Set<TopicPartition> names) {
    if (policy == Policy.EARLIEST) {
      return consumer.beginningOffsets(names, timeout);
    }
    Map<TopicPartition, Long> ends = consumer.endOffsets(names, timeout);
    if (back == null) {
      return ends;
    }
    long since = System.currentTimeMillis() - back.toMillis();
    Map<TopicPartition, Long> times = new HashMap<>();
    names.forEach(name -> times.put(name, since));
    Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times, timeout);
    Map<TopicPartition, Long> targets = new HashMap<>(ends); // where nothing is as young as that
    found.forEach(
        (name, offset) -> {
          if (offset != null) {
            targets.put(name, offset.offset());
          }
        });
    return targets;
  }

  private KafkaException said(
      TopicPartition name, long from, @Nullable Long to, InvalidOffsetException problem) {
    String what =
        to != null && to > from
            ? "the %d offsets between were deleted before they were consumed".formatted(to - from)
            : "its log was cut or made anew, and records may come again";
    return new KafkaException(
        "%s has no offset %d any more and goes on at %s (%s=%s): %s"
            .formatted(
                name,
                from,
                to,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                policy.name().toLowerCase(Locale.ROOT),
                what),
        problem);
  }
}
