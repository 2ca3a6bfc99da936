package dev.millrace.kafka;

import java.util.Objects;

/**
 * Decides about a dead letter that its place refuses now and will always refuse. Such a letter is
 * larger than the producer's {@code max.request.size} or the topic's {@code max.message.bytes}, has
 * a topic with an illegal name, or goes round in a circle. Immutable and thread-safe.
 *
 * <p>Other failures to send a letter do not depend on this setting, such as a broker that does not
 * answer or a missing topic. Then the letter is sent again, without a limit.
 */
public sealed interface RefusedLetters {

  /**
   * The letter is kept and sent again. No offset beyond it is committed. The topic accepts it as
   * soon as the limit of the topic is raised. This is the default.
   */
  record Kept() implements RefusedLetters {}

  /** The loop stops. Its next run receives the record again. */
  record Stopping() implements RefusedLetters {}

  /**
   * The letter goes to a second place.
   *
   * @param second the second place; while it fails, the letter is kept and sent to both places
   *     again
   */
  record Second(DeadLetters second) implements RefusedLetters {

    /** Checks the part. */
    public Second {
      Objects.requireNonNull(second, "second");
    }
  }

  /** Keeps the letter and sends it again. */
  static RefusedLetters keep() {
    return new Kept();
  }

  /** Stops the loop. */
  static RefusedLetters stop() {
    return new Stopping();
  }

  /** Puts the letter into a second place, such as a {@link DeadLetterFile}. */
  static RefusedLetters to(DeadLetters second) {
    return new Second(second);
  }
}
