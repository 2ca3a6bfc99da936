package dev.millrace.pipeline;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.Transforms.OurMapping;
import dev.millrace.pipeline.Transforms.Ours;
import dev.millrace.pipeline.Transforms.Passing;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.pipeline.transform.Transform;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sequential operators for {@link Pipe#via}, beside the methods of {@link Pipe}.
 *
 * <pre>{@code
 * pipe.via("changes", Operators.distinctUntilChanged())
 *     .via("last ten", Operators.takeLast(10));
 * }</pre>
 *
 * <p>All keep the order. None starts a thread. Each run, and each copy of a branch, has a state of
 * its own. An operator holds at most one element or key in memory, unless its text says otherwise.
 * Functions may block and may throw: the element then becomes a failure, and the state stays as it
 * was. A function must not return null.
 *
 * <p>The methods are thread-safe, and so are the values that they return. They throw an {@link
 * IllegalArgumentException} for a number out of range.
 */
public final class Operators {

  private Operators() {}

  // Choose elements

  /** Drops each element that equals the element before it. */
  public static <T> Mapping.Maker<T, T> distinctUntilChanged() {
    return distinctUntilChanged(element -> element);
  }

  /** Drops each element whose key equals the key of the element before it. Holds one key. */
  public static <T> Mapping.Maker<T, T> distinctUntilChanged(StageFunction<? super T, ?> key) {
    Objects.requireNonNull(key, "key");
    return (OurMapping<T, T>)
        () ->
            new Mapping<>() {
              private @Nullable Object last;

              @Override
              public @Nullable T apply(T element) throws Exception {
                Object next = Transforms.result(key.apply(element));
                boolean isSame = next.equals(last);
                last = next;
                return isSame ? null : element;
              }
            };
  }

  /**
   * Drops each element whose key is among the {@code capacity} keys that were seen last. Each
   * occurrence of a key makes it the latest one. Holds up to {@code capacity} keys; {@link
   * Pipe#distinct} holds all keys.
   */
  public static <T> Mapping.Maker<T, T> distinct(StageFunction<? super T, ?> key, int capacity) {
    Objects.requireNonNull(key, "key");
    Pipe.atLeast(1, capacity, "the capacity for keys");
    return (OurMapping<T, T>)
        () -> {
          Map<Object, Boolean> seen = latest(capacity);
          return element ->
              seen.put(Transforms.result(key.apply(element)), true) == null ? element : null;
        };
  }

  @SuppressWarnings("serial") // never serialized
  private static <K, V> Map<K, V> latest(int capacity) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > capacity;
      }
    };
  }

  /** Drops the elements before the first element for which the predicate is false. */
  public static <T> Mapping.Maker<T, T> skipWhile(StageFunction<? super T, Boolean> predicate) {
    Objects.requireNonNull(predicate, "predicate");
    return (OurMapping<T, T>)
        () ->
            new Mapping<>() {
              private boolean passes;

              @Override
              public @Nullable T apply(T element) throws Exception {
                passes = passes || !Transforms.result(predicate.apply(element));
                return passes ? element : null;
              }
            };
  }

  /**
   * The elements up to the first element for which the predicate is true, and that element; then
   * the stages above end. {@link Pipe#takeWhile} ends before that element.
   */
  public static <T> Supplier<Transform<T, T>> takeUntil(
      StageFunction<? super T, Boolean> predicate) {
    Objects.requireNonNull(predicate, "predicate");
    return (Passing<T>)
        () ->
            (Transform.Stateless<T, T>)
                (element, out) -> {
                  boolean isLast = Transforms.result(predicate.apply(element));
                  out.emit(element);
                  return isLast ? Transform.Outcome.LAST : Transform.Outcome.USED;
                };
  }

  /** The first element, and then every {@code n}-th element; drops the others. */
  public static <T> Mapping.Maker<T, T> every(int n) {
    Pipe.atLeast(1, n, "the step");
    return (OurMapping<T, T>)
        () ->
            new Mapping<>() {
              private int left;

              @Override
              public @Nullable T apply(T element) {
                if (left > 0) {
                  left--;
                  return null;
                }
                left = n - 1;
                return element;
              }
            };
  }

  /**
   * Emits an element, and drops the elements that come within {@code period} after it. Nothing
   * waits. {@link Pipe#sample} emits the latest element of a period instead, {@link Pipe#debounce}
   * the last before a silence.
   */
  public static <T> Mapping.Maker<T, T> sampleFirst(Duration period) {
    long nanos = TimedTransforms.positive(period, "the period of a sample");
    return (OurMapping<T, T>)
        () ->
            new Mapping<>() {
              private boolean started;
              private long emitted;

              @Override
              public @Nullable T apply(T element) {
                long now = Time.nanoTime();
                if (started && now - emitted < nanos) {
                  return null;
                }
                started = true;
                emitted = now;
                return element;
              }
            };
  }

  /**
   * The last {@code n} elements, when the input has ended; drops the others. Holds up to {@code n}
   * elements.
   */
  public static <T> Supplier<Transform<T, T>> takeLast(int n) {
    Pipe.atLeast(1, n, "the number of elements to take");
    return (Ours<T, T>)
        () ->
            new Transform<>() {
              private final Deque<T> last = new ArrayDeque<>();

              // The element that is dropped is the oldest one: the count stands for that element.
              @Override
              public Outcome accept(T element, Emitter<? super T> out) {
                last.addLast(element);
                if (last.size() <= n) {
                  return Outcome.USED;
                }
                last.removeFirst();
                return Outcome.DROPPED;
              }

              @Override
              public void end(Emitter<? super T> out) {
                while (!last.isEmpty()) {
                  out.emit(last.removeFirst());
                }
              }

              @Override
              public int holds() {
                return last.size();
              }
            };
  }

  /**
   * All but the last {@code n} elements; drops these when the input has ended. Each element waits
   * until {@code n} more have come. Holds up to {@code n} elements. With a {@linkplain
   * Source#settling settling} source, an emitted element counts as made of all held ones too, so an
   * element costs as much as a batch of {@code n}.
   */
  public static <T> Supplier<Transform<T, T>> skipLast(int n) {
    Pipe.atLeast(1, n, "the number of elements to skip");
    return new Overlapping.Plain<>(
        () ->
            new Transform<>() {
              private final Deque<T> last = new ArrayDeque<>();
              private int skipped;

              @Override
              public Outcome accept(T element, Emitter<? super T> out) {
                last.addLast(element);
                if (last.size() > n) {
                  out.emit(last.removeFirst());
                }
                return Outcome.USED;
              }

              @Override
              public void end(Emitter<? super T> out) {
                skipped = last.size();
                last.clear(); // dropped on purpose: settled, not abandoned
              }

              @Override
              public int leftOver() {
                return skipped;
              }

              @Override
              public int holds() {
                return last.size();
              }
            });
  }

  // Add to elements

  /** Each element with its position. */
  public static <T> Mapping.Maker<T, Indexed<T>> zipWithIndex() {
    return (OurMapping<T, Indexed<T>>)
        () ->
            new Mapping<>() {
              private long next;

              @Override
              public Indexed<T> apply(T element) {
                return new Indexed<>(next++, element);
              }
            };
  }

  /** Emits {@code separator} between each two elements. */
  public static <T> Supplier<Transform<T, T>> intersperse(T separator) {
    return interspersed(null, Objects.requireNonNull(separator, "separator"), null);
  }

  /**
   * Emits {@code start}, then the elements with {@code separator} between each two of them, then
   * {@code end}. From no element it makes {@code start} and {@code end}. {@code start} is emitted
   * with the first element, not before it.
   */
  public static <T> Supplier<Transform<T, T>> intersperse(T start, T separator, T end) {
    return interspersed(
        Objects.requireNonNull(start, "start"),
        Objects.requireNonNull(separator, "separator"),
        Objects.requireNonNull(end, "end"));
  }

  private static <T> Supplier<Transform<T, T>> interspersed(
      @Nullable T start, T separator, @Nullable T end) {
    return (Passing<T>)
        () ->
            new Transform.Stateless<>() {
              private boolean isEmpty = true;

              @Override
              public Outcome accept(T element, Emitter<? super T> out) {
                T before = isEmpty ? start : separator;
                isEmpty = false;
                if (before != null) {
                  out.emit(before);
                }
                out.emit(element);
                return Outcome.USED;
              }

              @Override
              public void end(Emitter<? super T> out) {
                if (isEmpty && start != null) {
                  out.emit(start);
                }
                if (end != null) {
                  out.emit(end);
                }
              }
            };
  }

  /** All elements; {@code value} if there is none. */
  public static <T> Supplier<Transform<T, T>> defaultIfEmpty(T value) {
    Objects.requireNonNull(value, "value");
    return (Passing<T>)
        () ->
            new Transform.Stateless<>() {
              private boolean isEmpty = true;

              @Override
              public Outcome accept(T element, Emitter<? super T> out) {
                isEmpty = false;
                out.emit(element);
                return Outcome.USED;
              }

              @Override
              public void end(Emitter<? super T> out) {
                if (isEmpty) {
                  out.emit(value);
                }
              }
            };
  }
}
