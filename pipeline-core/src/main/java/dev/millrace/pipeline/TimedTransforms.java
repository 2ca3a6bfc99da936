package dev.millrace.pipeline;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.TimedTransform;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The operators that act when time has passed. Each supplier makes the state of one run. */
final class TimedTransforms {

  private TimedTransforms() {}

  /** Makes a timed transform of this library: {@link Pipe#via} makes a timed stage of it. */
  interface Ours<I, O> extends Supplier<TimedTransform<I, O>> {}

  static long positive(Duration duration, String what) {
    Objects.requireNonNull(duration, what);
    if (!duration.isPositive() || duration.compareTo(Duration.ofDays(36500)) > 0) {
      throw new IllegalArgumentException(
          what + " must be positive and at most a hundred years, but is " + duration);
    }
    return duration.toNanos();
  }

  /** Emits a batch when it is full, or when its first element has waited for {@code within}. */
  static <T> Supplier<TimedTransform<T, List<T>>> batch(int size, Duration within) {
    Pipe.atLeast(1, size, "the size of a batch");
    long nanos = positive(within, "the time of a batch");
    return () -> new Batch<>(size, Batch.Rule.none(), nanos);
  }

  /** A token bucket: see {@link Throttle}. */
  static <T> Supplier<TimedTransform<T, T>> throttle(int elements, Duration period) {
    Pipe.atLeast(1, elements, "the number of elements");
    long nanos = positive(period, "the period of a throttle");
    return () -> new Throttle<>(elements, nanos, Time::nanoTime);
  }

  /**
   * Emits the latest element when no other element has come for {@code silence}; drops earlier
   * ones.
   */
  static <T> Supplier<TimedTransform<T, T>> debounce(Duration silence) {
    return latest(positive(silence, "the silence of a debounce"), true);
  }

  /** Emits the latest element of each {@code period} at its end; drops earlier ones. */
  static <T> Supplier<TimedTransform<T, T>> sample(Duration period) {
    return latest(positive(period, "the period of a sample"), false);
  }

  private static <T> Supplier<TimedTransform<T, T>> latest(long nanos, boolean restart) {
    return () -> new Latest<>(nanos, restart);
  }

  /**
   * Keeps the latest element until its time has come. When a new element replaces it, {@code
   * accept} returns {@code DROPPED}: the count then stands for the replaced element, not for the
   * new one.
   */
  private static final class Latest<T> implements TimedTransform<T, T> {
    private final long nanos;
    private final boolean restart;
    private @Nullable T latest;
    private long wakeAt = NEVER;

    Latest(long nanos, boolean restart) {
      this.nanos = nanos;
      this.restart = restart;
    }

    @Override
    public Outcome accept(T element, Emitter<? super T> out) {
      boolean replaces = latest != null;
      latest = element;
      if (restart || !replaces) {
        wakeAt = Time.nanoTime() + nanos;
      }
      return replaces ? Outcome.DROPPED : Outcome.USED;
    }

    @Override
    public long wakeAt() {
      return wakeAt;
    }

    @Override
    public void elapsed(long now, Emitter<? super T> out) {
      end(out);
    }

    @Override
    public int holds() {
      return latest == null ? 0 : 1;
    }

    @Override
    public void end(Emitter<? super T> out) {
      T last = latest;
      latest = null;
      wakeAt = NEVER;
      if (last != null) {
        out.emit(last);
      }
    }
  }
}
