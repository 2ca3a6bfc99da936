package dev.millrace.kafka.internal.settings;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.RefusedLetters;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides about a record that fails.
 *
 * @param attempts the number of attempts for a record; {@link Integer#MAX_VALUE} for no limit
 * @param backoff the delay between attempts
 * @param retryable selects the failures that are retried
 * @param deadLetters the place for a record without attempts left; null to stop the loop
 * @param refused decides about a letter that can never be accepted
 * @param deadLetterBackoff the delay before a letter is sent again
 */
public record FailurePolicy(
    int attempts,
    Backoff backoff,
    Predicate<? super Throwable> retryable,
    @Nullable Burial deadLetters,
    RefusedLetters refused,
    Backoff deadLetterBackoff) {

  /** The delay before the next attempt; null if there is none. */
  public @Nullable Duration delayAfter(int attempt, Throwable failure) {
    return attempt < attempts && retryable.test(failure)
        ? backoff.delay(attempt, ThreadLocalRandom.current())
        : null;
  }

  /** The delay before an attempt is made again that does not count. */
  public Duration delay(int failures) {
    return backoff.delay(failures, ThreadLocalRandom.current());
  }

  /** The delay before a dead letter is sent again. */
  public Duration deadLetterDelay(int attempt) {
    return deadLetterBackoff.delay(attempt, ThreadLocalRandom.current());
  }
}
