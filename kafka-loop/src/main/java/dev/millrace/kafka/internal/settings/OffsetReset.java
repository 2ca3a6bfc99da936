package dev.millrace.kafka.internal.settings;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.jspecify.annotations.Nullable;

/**
 * The application's {@code auto.offset.reset}, or the instant to start at. Immutable.
 *
 * <p>Kafka's consumer gets {@code none}, and the loop follows the setting of the application
 * itself. Otherwise the consumer would silently skip records that retention has deleted, or go back
 * to the beginning of a topic that was created again.
 */
public record OffsetReset(Policy policy, @Nullable Duration back, @Nullable Instant at) {

  /** Without an instant. */
  OffsetReset(Policy policy, @Nullable Duration back) {
    this(policy, back, null);
  }

  /** The first record whose timestamp is not before the instant. */
  static OffsetReset at(Instant instant) {
    return new OffsetReset(Policy.AT, null, instant);
  }

  private static final String BY_DURATION = "by_duration:";

  /** The values of the property. */
  public enum Policy {
    EARLIEST,
    LATEST,
    BY_DURATION,
    AT,
    NONE
  }

  /**
   * Parses the value of the property; {@code earliest} if there is none.
   *
   * @throws IllegalArgumentException if Kafka knows no such value
   */
  static OffsetReset of(@Nullable Object property) {
    String text = property == null ? "earliest" : property.toString().strip();
    String name = text.toLowerCase(Locale.ROOT);
    return switch (name) {
      case "earliest" -> new OffsetReset(Policy.EARLIEST, null);
      case "latest" -> new OffsetReset(Policy.LATEST, null);
      case "none" -> new OffsetReset(Policy.NONE, null);
      default -> {
        if (!name.startsWith(BY_DURATION)) {
          throw refused(text, null);
        }
        try {
          Duration back = Duration.parse(text.substring(BY_DURATION.length()));
          if (back.isNegative()) {
            throw refused(text, null);
          }
          yield new OffsetReset(Policy.BY_DURATION, back);
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

  public boolean isEarliest() {
    return policy == Policy.EARLIEST;
  }

  public boolean isNone() {
    return policy == Policy.NONE;
  }
}
