package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.pipeline.transform.Transform;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The sequential operators. Each supplier makes the state of one run. */
final class Transforms {

  private Transforms() {}

  /** Makes a mapping of this library, which has nothing to close. */
  interface OurMapping<I, O> extends Mapping.Maker<I, O> {}

  /** Makes a transform of this library, which has nothing to close. */
  interface Ours<I, O> extends Supplier<Transform<I, O>> {}

  /**
   * Makes a transform of this library that passes on, or drops, each element before {@code accept}
   * returns.
   */
  interface Passing<T> extends Ours<T, T> {}

  static <I, O> OurMapping<I, O> map(StageFunction<? super I, ? extends O> function) {
    Objects.requireNonNull(function, "function");
    return () -> new Mappings.Map<>(function);
  }

  static <T> OurMapping<T, T> filter(StageFunction<? super T, Boolean> predicate) {
    Objects.requireNonNull(predicate, "predicate");
    return () -> new Mappings.Filter<>(predicate);
  }

  static <T> OurMapping<T, T> tee(StageConsumer<? super T> consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return () -> new Mappings.Tee<>(consumer);
  }

  static <S, T> OurMapping<T, S> scan(Supplier<? extends S> initial, Sink.Fold<S, ? super T> fold) {
    Objects.requireNonNull(initial, "initial");
    Objects.requireNonNull(fold, "fold");
    return () ->
        new Mapping<>() {
          private S state = initial.get();

          @Override
          public S apply(T element) throws Exception {
            state = result(fold.apply(state, element));
            return state;
          }
        };
  }

  static <T> Passing<T> take(long n) {
    Pipe.atLeast(0, n, "the number of elements to take");
    return () ->
        new Transform.Stateless<>() {
          private long left = n;

          @Override
          public Outcome accept(T element, Emitter<? super T> out) {
            left--;
            out.emit(element);
            return left == 0 ? Outcome.LAST : Outcome.USED;
          }

          @Override
          public boolean wantsNone() {
            return left == 0;
          }
        };
  }

  static <T> OurMapping<T, T> skip(long n) {
    Pipe.atLeast(0, n, "the number of elements to skip");
    return () ->
        new Mapping<>() {
          private long left = n;

          @Override
          public @Nullable T apply(T element) {
            if (left == 0) {
              return element;
            }
            left--;
            return null;
          }
        };
  }

  static <T> Passing<T> takeWhile(StageFunction<? super T, Boolean> predicate) {
    Objects.requireNonNull(predicate, "predicate");
    return () ->
        (Transform.Stateless<T, T>)
            (element, out) -> {
              if (!result(predicate.apply(element))) {
                return Transform.Outcome.DROPPED_LAST;
              }
              out.emit(element);
              return Transform.Outcome.USED;
            };
  }

  static <T> OurMapping<T, T> distinct(StageFunction<? super T, ?> key) {
    Objects.requireNonNull(key, "key");
    return () -> {
      Set<Object> seen = new HashSet<>();
      return element -> seen.add(result(key.apply(element))) ? element : null;
    };
  }

  static <T> Passing<T> append(List<? extends T> elements) {
    List<T> last = List.copyOf(elements);
    return () ->
        new Transform.Stateless<>() {
          @Override
          public Outcome accept(T element, Emitter<? super T> out) {
            out.emit(element);
            return Outcome.USED;
          }

          @Override
          public void end(Emitter<? super T> out) {
            last.forEach(out::emit);
          }
        };
  }

  static <T> Ours<T, List<T>> batch(int size) {
    Pipe.atLeast(1, size, "the size of a batch");
    return () -> new Batch<>(size, Batch.Rule.none(), Batch.FOREVER);
  }

  /**
   * Windows of {@code size} elements. Each window starts {@code step} elements after the start of
   * the previous one.
   *
   * @param partial whether windows that are not full at the end are emitted too
   */
  static <T> Ours<T, List<T>> window(int size, int step, boolean partial) {
    Pipe.atLeast(1, size, "the size of a window");
    Pipe.atLeast(1, step, "the step of a window");
    Ours<T, List<T>> windows = windows(size, step, partial);
    return step < size ? new Overlapping.Plain<>(windows) : windows;
  }

  private static <T> Ours<T, List<T>> windows(int size, int step, boolean partial) {
    return () ->
        new Transform<>() {
          private final List<T> window = new ArrayList<>();

          // The number of elements at the start of this window that were in the previous window
          // too.
          private int emitted;

          private int skip;

          @Override
          public Outcome accept(T element, Emitter<? super List<T>> out) {
            if (skip > 0) {
              skip--;
              return Outcome.DROPPED;
            }
            window.add(element);
            if (window.size() == size) {
              emit(out);
              skip = Math.max(0, step - size);
            }
            return Outcome.USED;
          }

          private void emit(Emitter<? super List<T>> out) {
            List<T> all = new ArrayList<>(window);
            window.subList(0, Math.min(step, window.size())).clear();
            emitted = window.size();
            out.emit(all);
          }

          @Override
          public void end(Emitter<? super List<T>> out) {
            while (partial && !window.isEmpty()) {
              emit(out);
            }
          }

          @Override
          public int leftOver() {
            return window.size() - emitted;
          }

          @Override
          public int holds() {
            return window.size();
          }
        };
  }

  /** Whether the supplier makes transforms of this library, which have nothing to close. */
  static boolean isOurs(Supplier<?> supplier) {
    return supplier instanceof OurMapping<?, ?> || supplier instanceof Ours<?, ?>;
  }

  /** Checks that a function of the user did not return null. */
  static <T> T result(@Nullable T result) {
    return Objects.requireNonNull(result, "the function returned null");
  }
}
