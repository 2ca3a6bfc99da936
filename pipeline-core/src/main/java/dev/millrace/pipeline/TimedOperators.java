package dev.millrace.pipeline;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.TimedTransform;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Stages for {@link Pipe#via} that watch the time, beside the methods of {@link Pipe}.
 *
 * <pre>{@code
 * pipe.via("silence", TimedOperators.idleTimeout(Duration.ofMinutes(1)));
 * }</pre>
 *
 * <p>All keep the order, hold no element, and pass each element at once. Each runs in a thread of
 * its own. The times are measured by {@link System#nanoTime}, from the start of the stage. A stage
 * that waits until the next stage has room acts later.
 *
 * <p>A timeout stops the run with a {@link TimeoutException}: {@link Run#join} has it as the cause.
 * For a timeout that interrupts functions, use {@code Context.withTimeout}; for one that lets
 * elements under way finish, {@link Run#drain}.
 *
 * <p>The methods are thread-safe, and so are the values that they return. They throw an {@link
 * IllegalArgumentException} for a duration out of range.
 */
public final class TimedOperators {

  private TimedOperators() {}

  /**
   * Stops the run if no element comes for {@code idle}. Time in which the next stage has no room
   * does not count.
   */
  public static <T> Supplier<TimedTransform<T, T>> idleTimeout(Duration idle) {
    long nanos = TimedTransforms.positive(idle, "the idle timeout");
    return timeout(nanos, () -> Time.nanoTime() + nanos, "no element came for " + idle);
  }

  /** Stops the run if the first element has not come within {@code initial}. */
  public static <T> Supplier<TimedTransform<T, T>> initialTimeout(Duration initial) {
    long nanos = TimedTransforms.positive(initial, "the initial timeout");
    return timeout(
        nanos, () -> TimedTransform.NEVER, "the first element has not come within " + initial);
  }

  /** Stops the run if the input has not ended within {@code completion}. */
  public static <T> Supplier<TimedTransform<T, T>> completionTimeout(Duration completion) {
    long nanos = TimedTransforms.positive(completion, "the completion timeout");
    return timeout(nanos, null, "the input has not ended within " + completion);
  }

  /**
   * Stops the run after a time.
   *
   * @param afterElement gives the new time at each element, a {@link System#nanoTime}; null to keep
   *     the first one
   */
  private static <T> TimedTransforms.Ours<T, T> timeout(
      long nanos, @Nullable LongSupplier afterElement, String message) {
    return () ->
        new Watch<>(nanos) {
          @Override
          void passed() {
            if (afterElement != null) {
              wakeAt = afterElement.getAsLong();
            }
          }

          @Override
          public void elapsed(long now, Emitter<? super T> out) throws TimeoutException {
            throw new TimeoutException(message);
          }
        };
  }

  /** The elements that come within {@code time}; then the stages above end. */
  public static <T> Supplier<TimedTransform<T, T>> takeFor(Duration time) {
    long nanos = TimedTransforms.positive(time, "the time to take");
    return (TimedTransforms.Ours<T, T>)
        () ->
            new Watch<>(nanos) {
              private boolean isOver;

              @Override
              void passed() {}

              @Override
              public void elapsed(long now, Emitter<? super T> out) {
                isOver = true;
                wakeAt = NEVER;
              }

              @Override
              public boolean wantsNone() {
                return isOver;
              }
            };
  }

  /**
   * Emits a value of the supplier when no element has come for {@code idle}, and again after each
   * further {@code idle}. So the stages below see that the stream is alive. A supplier that throws
   * stops the run.
   */
  public static <T> Supplier<TimedTransform<T, T>> keepAlive(
      Duration idle, Supplier<? extends T> value) {
    long nanos = TimedTransforms.positive(idle, "the idle time");
    Objects.requireNonNull(value, "value");
    return (TimedTransforms.Ours<T, T>)
        () ->
            new Watch<>(nanos) {
              @Override
              void passed() {
                wakeAt = Time.nanoTime() + nanos;
              }

              @Override
              public void elapsed(long now, Emitter<? super T> out) {
                out.emit(Objects.requireNonNull(value.get(), "the supplier returned null"));
                passed();
              }
            };
  }

  /** Passes all elements, and wakes up at an instant. */
  private abstract static class Watch<T> implements TimedTransform<T, T> {
    long wakeAt;

    Watch(long nanos) {
      wakeAt = Time.nanoTime() + nanos;
    }

    /** An element was passed on: may set {@link #wakeAt}. */
    abstract void passed();

    @Override
    public Outcome accept(T element, Emitter<? super T> out) {
      out.emit(element);
      passed();
      return Outcome.USED;
    }

    @Override
    public long wakeAt() {
      return wakeAt;
    }

    @Override
    public int holds() {
      return 0;
    }
  }
}
