package dev.millrace.context;

import dev.millrace.channel.internal.Timers;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * When a context ends, by {@link System#nanoTime}, so that nothing depends on a wall clock that may
 * be set. The wall clock is read where an {@link Instant} comes in or goes out. Thread-safe; the
 * contexts below share it.
 */
final class Deadline {

  private final long nanoTime;
  private volatile @Nullable Instant instant;

  private Deadline(long nanoTime, @Nullable Instant instant) {
    this.nanoTime = nanoTime;
    this.instant = instant;
  }

  /** At the time that {@code wallClock} will show. */
  static Deadline at(Instant instant, InstantSource wallClock) {
    return new Deadline(in(Duration.between(wallClock.instant(), instant)), instant);
  }

  static Deadline after(Duration timeout) {
    return new Deadline(in(timeout), null);
  }

  /** Clamped: what has passed is due now, and the longest time is 146 years. */
  private static long in(Duration left) {
    return System.nanoTime() + Math.clamp(Timers.toNanos(left), 0, Timers.LONGEST);
  }

  boolean isBefore(Deadline other) {
    return nanoTime - other.nanoTime < 0;
  }

  /** In nanoseconds; 0 or less once it has passed. */
  long left() {
    return nanoTime - System.nanoTime();
  }

  /** As it was given; or by the wall clock of the first call, and the same from then on. */
  Instant instant() {
    Instant known = instant;
    if (known == null) {
      known = Instant.now().plusNanos(left());
      instant = known;
    }
    return known;
  }
}
