package dev.millrace.context;

import dev.millrace.channel.internal.Timers;
import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * The deadline of a context, as a value of {@link System#nanoTime}, so that changes of the wall
 * clock have no effect. The wall clock is read only to convert from or to an {@link Instant}.
 * Thread-safe; child contexts share it.
 */
final class Deadline {

  private final long nanoTime;
  private volatile @Nullable Instant instant;

  private Deadline(long nanoTime, @Nullable Instant instant) {
    this.nanoTime = nanoTime;
    this.instant = instant;
  }

  /** A deadline at an instant of {@code wallClock}, which is read once. */
  static Deadline at(Instant instant, InstantSource wallClock) {
    return new Deadline(in(Duration.between(wallClock.instant(), instant)), instant);
  }

  static Deadline after(Duration timeout) {
    return new Deadline(in(timeout), null);
  }

  /** Clamps the time: a past deadline is due now; the longest time is 146 years. */
  private static long in(Duration left) {
    return Time.nanoTime() + Math.clamp(Timers.toNanos(left), 0, Timers.LONGEST);
  }

  boolean isBefore(Deadline other) {
    return nanoTime - other.nanoTime < 0;
  }

  /** The time left, in nanoseconds; 0 or less after the deadline. */
  long left() {
    return nanoTime - Time.nanoTime();
  }

  /**
   * The given instant. For a timeout, the first call computes it from the wall clock, and later
   * calls return the same instant.
   */
  Instant instant() {
    Instant known = instant;
    if (known == null) {
      known = Time.now().plusNanos(left());
      instant = known;
    }
    return known;
  }
}
