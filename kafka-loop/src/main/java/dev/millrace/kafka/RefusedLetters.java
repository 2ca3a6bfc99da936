package dev.millrace.kafka;

import java.util.Objects;

/**
 * What becomes of a dead letter that its place refuses and will refuse again: one that is larger
 * than the producer's {@code max.request.size} or the topic's {@code max.message.bytes}, whose
 * topic has an illegal name, or that goes round in a circle. Immutable and thread-safe.
 *
 * <p>Other failures to send a letter, such as a broker that is away or a topic that is missing, are
 * repeated without an end, whatever this says.
 */
public sealed interface RefusedLetters {

  /**
   * The letter is kept, and offered again; nothing is committed beyond it. It goes by itself when
   * the topic's limit is raised. Default.
   */
  record Kept() implements RefusedLetters {}

  /** The loop stops; the next run meets the record again. */
  record Stopping() implements RefusedLetters {}

  /**
   * The letter goes to a second place.
   *
   * @param second the second place; while it fails, the letter is kept and offered to both again
   */
  record Second(DeadLetters second) implements RefusedLetters {

    /** Checks the part. */
    public Second {
      Objects.requireNonNull(second, "second");
    }
  }

  /** To keep the letter and offer it again. */
  static RefusedLetters keep() {
    return new Kept();
  }

  /** To stop the loop. */
  static RefusedLetters stop() {
    return new Stopping();
  }

  /** To put the letter into a second place, such as a {@link DeadLetterFile}. */
  static RefusedLetters to(DeadLetters second) {
    return new Second(second);
  }
}
