package dev.millrace.kafka.internal.settings;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.RefusedLetters;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a record that fails.
 *
 * @param attempts how often a record is tried; {@link Integer#MAX_VALUE} for no bound
 * @param backoff how long to wait between attempts
 * @param retryable which failures are worth another attempt
 * @param deadLetters where it goes then; null to stop the loop
 * @param refused what becomes of a letter that can never be taken
 * @param deadLetterBackoff how long to wait when the dead letters fail
 */
public record FailurePolicy(
    int attempts,
    Backoff backoff,
    Predicate<? super Throwable> retryable,
    @Nullable Burial deadLetters,
    RefusedLetters refused,
    Backoff deadLetterBackoff) {

  /** How long to wait for the next attempt; null if there is none. */
  public @Nullable Duration delayAfter(int attempt, Throwable failure) {
    return attempt < attempts && retryable.test(failure)
        ? backoff.delay(attempt, ThreadLocalRandom.current())
        : null;
  }

  /** How long to wait until a dead letter is offered again. */
  public Duration deadLetterDelay(int attempt) {
    return deadLetterBackoff.delay(attempt, ThreadLocalRandom.current());
  }
}
