package dev.millrace.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlineTest {

  private static final AbstractContext BACKGROUND = (AbstractContext) Context.background();
  private static final Duration HOUR = Duration.ofHours(1);

  /** A wall clock that shows another time than the system's. */
  private static InstantSource wallClock(Duration ahead) {
    return () -> Instant.now().plus(ahead);
  }

  /**
   * The parent was made when the clock was two hours behind. So its deadline of one hour seems to
   * have passed, now that the clock is right.
   */
  @Test
  void timeoutUnderAParentIsKeptAfterTheWallClockWasSetForward() {
    InstantSource before = wallClock(HOUR.multipliedBy(-2));
    try (var parent = BACKGROUND.withDeadline(before.instant().plus(HOUR), before);
        var child = parent.withTimeout(Duration.ofMillis(20))) {
      await().until(child::isCancelled);
      assertThat(parent.isCancelled()).isFalse();
    }
  }

  /** The clock was set back meanwhile, so the child's deadline seems to be earlier. */
  @Test
  void deadlineOfAParentIsKeptAfterTheWallClockWasSetBack() {
    InstantSource before = wallClock(HOUR.multipliedBy(2));
    Duration soon = Duration.ofMillis(50);
    try (var parent = BACKGROUND.withDeadline(before.instant().plus(soon), before);
        var child = parent.withTimeout(HOUR)) {
      await().until(child::isCancelled);
      assertThat(child.cause()).isSameAs(parent.cause());
    }
  }

  /** The arguments are seconds. */
  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, Long.MIN_VALUE + 1, -1, 0})
  void timeoutThatHasPassedCancelsAtOnce(long seconds) {
    try (var context = BACKGROUND.withTimeout(Duration.ofSeconds(seconds))) {
      assertThat(context.cause()).isInstanceOf(DeadlineExceededException.class);
    }
  }

  @Test
  void extremesAreClamped() {
    try (var past = BACKGROUND.withDeadline(Instant.MIN);
        var future = BACKGROUND.withDeadline(Instant.MAX);
        var longest = BACKGROUND.withTimeout(Duration.ofSeconds(Long.MAX_VALUE, 999_999_999));
        var below = longest.withDeadline(Instant.MAX);
        var earlier = future.withTimeout(HOUR)) {
      assertThat(past.isCancelled()).isTrue();
      assertThat(past.cause()).hasMessageContaining(Instant.MIN.toString());
      assertThat(future.isCancelled() || longest.isCancelled() || below.isCancelled()).isFalse();
      assertThat(longest.deadline()).isAfter(Instant.now().plus(Duration.ofDays(50_000)));
      assertThat(future.deadline()).isEqualTo(Instant.MAX);
      assertThat(earlier.deadline()).isBefore(Instant.now().plus(HOUR.multipliedBy(2)));
      assertThat(longest.toString()).contains("active");
    }
  }

  @Test
  void deadlineOfATimeoutIsOneInstant() {
    try (var context = BACKGROUND.withTimeout(HOUR);
        var child = context.withCancel()) {
      assertThat(context.deadline()).isEqualTo(child.deadline()).isEqualTo(context.deadline());
    }
  }

  private static CancellationException thrownBy(Context context) {
    return catchThrowableOfType(CancellationException.class, context::throwIfCancelled);
  }

  /** Recognized by their types, not by their texts. */
  @Test
  void kindOfACancellationIsTheTypeOfItsCause() {
    var failure = new IOException("of the canceller");
    try (var plain = BACKGROUND.withCancel();
        var failed = BACKGROUND.withCancel();
        var late = BACKGROUND.withTimeout(Duration.ZERO)) {
      plain.cancel();
      failed.cancel(failure);
      assertThat(thrownBy(plain)).hasCauseInstanceOf(ContextCancelledException.class);
      assertThat(thrownBy(late)).hasCauseInstanceOf(DeadlineExceededException.class);
      assertThat(thrownBy(failed).getCause()).isSameAs(failure);
    }
  }

  @Test
  void deadlineHasTheCauseThatItWasGiven() {
    var why = new IOException("the service level");
    try (var parent = BACKGROUND.withTimeout(Duration.ofMillis(20), why);
        var child = parent.withTimeout(HOUR, new IOException("not this one"));
        var past = BACKGROUND.withDeadline(Instant.EPOCH, why)) {
      await().until(child::isCancelled);
      assertThat(child.cause()).isInstanceOf(DeadlineExceededException.class).cause().isSameAs(why);
      assertThat(past.cause())
          .isInstanceOf(DeadlineExceededException.class)
          .hasMessage("deadline exceeded: 1970-01-01T00:00:00Z: " + why)
          .cause()
          .isSameAs(why);
    }
  }
}
