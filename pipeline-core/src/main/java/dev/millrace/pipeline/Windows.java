package dev.millrace.pipeline;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.TimedTransform;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;

/**
 * Stages for {@link Pipe#via} that collect elements in windows of time. An element belongs to the
 * time at which the stage takes it, by {@link System#nanoTime}. For windows by count, see {@link
 * Pipe#window}.
 *
 * <pre>{@code
 * pipe.via("each second", Windows.tumbling(Duration.ofSeconds(1), 10_000))
 *     .map("count", List::size);
 * }</pre>
 *
 * <p>All keep the order. Nothing is dropped. A window without elements is not emitted. At the end,
 * the elements that were in no window yet are emitted at once. A stage holds up to {@code most}
 * elements. With a {@linkplain Source#settling settling} source, an element is settled when all its
 * windows have ended.
 *
 * <p>The methods are thread-safe, and so are the values that they return. They throw an {@link
 * IllegalArgumentException} for a number or duration out of range.
 */
public final class Windows {

  private Windows() {}

  private static void checkMost(int most) {
    Pipe.atLeast(1, most, "the number of elements in a window");
  }

  /**
   * The elements of each {@code length}, one window after the other, counted from the start of the
   * run. A window with {@code most} elements is emitted early, and goes on with a new list. {@link
   * Pipe#batch(String, int, Duration)} counts the time from the first element instead.
   */
  public static <T> Supplier<TimedTransform<T, List<T>>> tumbling(Duration length, int most) {
    long nanos = TimedTransforms.positive(length, "the length of a window");
    checkMost(most);
    return (TimedTransforms.Ours<T, List<T>>)
        () -> {
          long start = Time.nanoTime();
          return new Collecting<>(most) {
            @Override
            void added(boolean isFirst, long now) {
              if (isFirst) {
                wakeAt = nextTick(start, nanos, now);
              }
            }
          };
        };
  }

  /**
   * The elements between two silences: a window ends when no element has come for {@code gap}. A
   * window with {@code most} elements is emitted early, and goes on with a new list.
   */
  public static <T> Supplier<TimedTransform<T, List<T>>> session(Duration gap, int most) {
    long nanos = TimedTransforms.positive(gap, "the gap between two windows");
    checkMost(most);
    return (TimedTransforms.Ours<T, List<T>>)
        () ->
            new Collecting<>(most) {
              @Override
              void added(boolean isFirst, long now) {
                wakeAt = now + nanos;
              }
            };
  }

  /**
   * After each {@code step}, the elements of the last {@code length}. An element is in several
   * windows if {@code step} is shorter. When the stage holds {@code most} elements, the stages
   * above wait: so at most {@code most} elements pass in each {@code length}.
   *
   * @throws IllegalArgumentException if {@code step} is longer than {@code length}
   */
  public static <T> Supplier<TimedTransform<T, List<T>>> sliding(
      Duration length, Duration step, int most) {
    long nanos = TimedTransforms.positive(length, "the length of a window");
    long stepNanos = TimedTransforms.positive(step, "the step of a window");
    checkMost(most);
    if (stepNanos > nanos) {
      throw new IllegalArgumentException(
          "the step of a window must be at most its length, " + length + ", but is " + step);
    }
    return new Overlapping.Timed<>(() -> new Sliding<>(nanos, stepNanos, most));
  }

  /** The first instant after {@code now} that is a multiple of {@code period} after the start. */
  private static long nextTick(long start, long period, long now) {
    return start + ((now - start) / period + 1) * period;
  }

  /** Collects elements until an instant, or until there are enough. */
  private abstract static class Collecting<T> implements TimedTransform<T, List<T>> {
    private final int most;
    private List<T> window = new ArrayList<>();
    long wakeAt = NEVER;

    Collecting(int most) {
      this.most = most;
    }

    /** An element was added: sets {@link #wakeAt}. */
    abstract void added(boolean isFirst, long now);

    @Override
    public Outcome accept(T element, Emitter<? super List<T>> out) {
      window.add(element);
      added(window.size() == 1, Time.nanoTime());
      if (window.size() == most) {
        end(out);
      }
      return Outcome.USED;
    }

    @Override
    public long wakeAt() {
      return wakeAt;
    }

    @Override
    public void elapsed(long now, Emitter<? super List<T>> out) {
      end(out);
    }

    @Override
    public void end(Emitter<? super List<T>> out) {
      List<T> ended = window;
      window = new ArrayList<>();
      wakeAt = NEVER;
      if (!ended.isEmpty()) {
        out.emit(ended);
      }
    }

    @Override
    public int holds() {
      return window.size();
    }
  }

  /** Emits after each step the elements that are not older than the length. */
  private static final class Sliding<T> implements TimedTransform<T, List<T>> {

    private record Timed<T>(T element, long instant) {}

    private final long length;
    private final long step;
    private final int most;
    private final long start = Time.nanoTime();
    private final Deque<Timed<T>> held = new ArrayDeque<>();

    /** The number of held elements that were in no window yet. */
    private int fresh;

    private long wakeAt = NEVER;

    Sliding(long length, long step, int most) {
      this.length = length;
      this.step = step;
      this.most = most;
    }

    @Override
    public Outcome accept(T element, Emitter<? super List<T>> out) {
      long now = Time.nanoTime();
      if (held.isEmpty()) {
        wakeAt = nextTick(start, step, now);
      }
      held.addLast(new Timed<>(element, now));
      fresh++;
      return Outcome.USED;
    }

    @Override
    public long wakeAt() {
      return wakeAt;
    }

    /** A full window takes no element before its next step, which may make room. */
    @Override
    public long acceptAt() {
      return held.size() < most ? Long.MIN_VALUE : wakeAt;
    }

    // One step at a time: a thread that is late is called again for the next step. An element that
    // came after the instant of the step, but before this call, belongs to the next window.
    @Override
    public void elapsed(long now, Emitter<? super List<T>> out) {
      long tick = wakeAt;
      List<T> window = new ArrayList<>();
      int later = 0;
      for (Timed<T> each : held) {
        if (each.instant() - tick <= 0) {
          window.add(each.element());
        } else {
          later++;
        }
      }
      fresh = later;
      long next = tick + step;
      while (!held.isEmpty() && held.getFirst().instant() - (next - length) <= 0) {
        held.removeFirst();
      }
      wakeAt = held.isEmpty() ? NEVER : next;
      if (!window.isEmpty()) {
        out.emit(window);
      }
    }

    @Override
    public void end(Emitter<? super List<T>> out) {
      List<T> window = held.stream().map(Timed::element).toList();
      boolean isNew = fresh > 0;
      held.clear();
      fresh = 0;
      wakeAt = NEVER;
      if (isNew) {
        out.emit(new ArrayList<>(window));
      }
    }

    @Override
    public int holds() {
      return held.size();
    }
  }
}
