package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Stages for {@link Pipe#via} that collect elements in windows by a time that the elements carry.
 * For windows by the time of arrival, see {@link Windows}.
 *
 * <pre>{@code
 * pipe.via(
 *     "per minute",
 *     EventWindows.tumbling(Duration.ofMinutes(1), Order::time, Duration.ofSeconds(5), 100_000, late -> {}));
 * }</pre>
 *
 * <p>Elements may come out of order, by up to {@code lateness}: the <em>watermark</em> is the
 * latest time seen so far, less the lateness. A window is emitted when the watermark reaches its
 * end. An element whose last window was emitted is late: it is dropped, counted as dropped, and
 * given to {@code onLate}. At the end of the input, all windows are emitted. Windows are emitted in
 * the order of their ends. A window without elements is not emitted. No window is emitted while no
 * element comes.
 *
 * <p>A stage holds up to {@code most} elements; an element in several windows counts in each. When
 * it holds more, it emits its first window early; later elements of that window are late. With a
 * {@linkplain Source#settling settling} source, an element is settled when it and all elements
 * before it are in no window any more.
 *
 * <p>Times are instants of any clock. Windows start at multiples of their length, or step, since
 * the epoch. The methods are thread-safe, and so are the values that they return. They throw an
 * {@link IllegalArgumentException} for a number or duration out of range. An element costs O(log n)
 * for n open windows, and the same again for each window that it is in.
 */
public final class EventWindows {

  private EventWindows() {}

  /** Windows of {@code length}, one after the other. */
  public static <T> Supplier<Transform<T, TimeWindow<T>>> tumbling(
      Duration length,
      StageFunction<? super T, Instant> time,
      Duration lateness,
      int most,
      Consumer<? super T> onLate) {
    return sliding(length, length, time, lateness, most, onLate);
  }

  /**
   * A window of {@code length} for each {@code step}. An element is in several windows if {@code
   * step} is shorter than {@code length}; it must not be longer.
   */
  public static <T> Supplier<Transform<T, TimeWindow<T>>> sliding(
      Duration length,
      Duration step,
      StageFunction<? super T, Instant> time,
      Duration lateness,
      int most,
      Consumer<? super T> onLate) {
    long nanos = TimedTransforms.positive(length, "the length of a window");
    long stepNanos = TimedTransforms.positive(step, "the step of a window");
    if (stepNanos > nanos) {
      throw new IllegalArgumentException(
          "the step %s is longer than the window %s: elements would be in no window"
              .formatted(step, length));
    }
    var common = new Common<T>(time, nanos(lateness), most, onLate);
    return new Overlapping.Plain<>(() -> new Aligned<>(nanos, stepNanos, common));
  }

  private static long nanos(Duration lateness) {
    return lateness.isZero() ? 0 : TimedTransforms.positive(lateness, "the lateness");
  }

  /** The settings of all kinds of windows. */
  private record Common<T>(
      StageFunction<? super T, Instant> time, long lateness, int most, Consumer<? super T> onLate) {
    Common {
      Objects.requireNonNull(time, "time");
      Objects.requireNonNull(onLate, "onLate");
      Pipe.atLeast(1, most, "the number of elements in windows");
    }

    /** In nanoseconds since the epoch: this covers the years 1678 to 2261. */
    long timeOf(T element) throws Exception {
      Instant instant = Transforms.result(time.apply(element));
      return Math.addExact(
          Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
    }
  }

  /** An open window. */
  private static final class Open<T> {
    final List<T> elements = new ArrayList<>();

    /** The number of the first element, among all elements that the stage has taken. */
    final long oldest;

    Open(long oldest) {
      this.oldest = oldest;
    }
  }

  /** The state of a run. Not thread-safe. */
  private static final class Aligned<T> implements Transform<T, TimeWindow<T>> {
    private final long length;
    private final long step;
    private final Common<T> common;

    /** The open windows by their starts. */
    private final TreeMap<Long, Open<T>> open = new TreeMap<>();

    /** The start of the first window that may still take elements. */
    private long firstStart = Long.MIN_VALUE;

    private long latest = Long.MIN_VALUE;
    private long count;
    private int held;

    Aligned(long length, long step, Common<T> common) {
      this.length = length;
      this.step = step;
      this.common = common;
    }

    @Override
    public Outcome accept(T element, Emitter<? super TimeWindow<T>> out) throws Exception {
      long time = common.timeOf(element);
      long last = Math.floorDiv(time, step) * step;
      if (last < firstStart) {
        common.onLate().accept(element);
        count++; // the held elements are the last ones of all
        return Outcome.DROPPED;
      }
      for (long start = last; start > time - length && start >= firstStart; start -= step) {
        open.computeIfAbsent(start, key -> new Open<>(count)).elements.add(element);
        held++;
      }
      count++;
      latest = Math.max(latest, time);
      emitUntil(latest - common.lateness(), out);
      while (held > common.most()) {
        emitFirst(out);
      }
      return Outcome.USED;
    }

    /** Emits the windows that have ended at that time. */
    private void emitUntil(long watermark, Emitter<? super TimeWindow<T>> out) {
      while (!open.isEmpty() && open.firstKey() + length <= watermark) {
        emitFirst(out);
      }
      long next = Math.floorDiv(watermark - length, step) * step + step;
      firstStart = Math.max(firstStart, next);
    }

    private void emitFirst(Emitter<? super TimeWindow<T>> out) {
      Map.Entry<Long, Open<T>> first = open.firstEntry();
      out.emit(
          new TimeWindow<>(
              instant(first.getKey()),
              instant(first.getKey() + length),
              new ArrayList<>(first.getValue().elements)));
      open.remove(first.getKey());
      firstStart = Math.max(firstStart, first.getKey() + step);
      held -= first.getValue().elements.size();
    }

    private static Instant instant(long nanos) {
      return Instant.ofEpochSecond(
          Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
    }

    @Override
    public void end(Emitter<? super TimeWindow<T>> out) {
      while (!open.isEmpty()) {
        emitFirst(out);
      }
    }

    @Override
    public int holds() {
      long oldest = count;
      for (Open<T> each : open.values()) {
        oldest = Math.min(oldest, each.oldest);
      }
      return (int) Math.min(count - oldest, ALL - 1);
    }
  }
}
