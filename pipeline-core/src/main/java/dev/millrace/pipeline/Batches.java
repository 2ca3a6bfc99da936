package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * Stages for {@link Pipe#via} that collect elements in lists by a rule, beside {@link Pipe#batch}.
 *
 * <pre>{@code
 * pipe.via("requests", Batches.byWeight(500, 1 << 20, Order::bytes, Duration.ofSeconds(1)));
 * }</pre>
 *
 * <p>All keep the order, and each element is in one list. Every list has at most {@code size}
 * elements, and a stage holds at most one list in memory. With a {@link Duration}, a list is
 * emitted earlier when its first element has waited for that time. At the end, the last list is
 * emitted. No list is empty. Nothing is dropped. A list belongs to the stage that gets it.
 *
 * <p>Functions may throw: the element then becomes a failure, and the list goes on without it. With
 * a {@linkplain Source#settling settling} source, all elements of a list are settled with it. A
 * list that ends because of the next element is also a condition for that element.
 *
 * <p>The methods are thread-safe, and so are the values that they return. They throw an {@link
 * IllegalArgumentException} for a number out of range.
 */
public final class Batches {

  private Batches() {}

  private static <T> Transforms.Ours<T, List<T>> batch(int size, Supplier<Batch.Rule<T>> rule) {
    Pipe.atLeast(1, size, "the size of a batch");
    return () -> new Batch<>(size, rule.get(), Batch.FOREVER);
  }

  private static <T> TimedTransforms.Ours<T, List<T>> batch(
      int size, Supplier<Batch.Rule<T>> rule, Duration within) {
    Pipe.atLeast(1, size, "the size of a batch");
    long nanos = TimedTransforms.positive(within, "the time of a batch");
    return () -> new Batch<>(size, rule.get(), nanos);
  }

  private static <T> Supplier<Batch.Rule<T>> weighing(
      long weight, ToLongFunction<? super T> weigher) {
    Pipe.atLeast(1, weight, "the weight of a batch");
    Objects.requireNonNull(weigher, "weigher");
    return () -> Batch.byWeight(weight, weigher);
  }

  /**
   * Lists with a total weight of at most {@code weight}. A list ends before an element that does
   * not fit. An element that weighs more than {@code weight} is in a list that it ends; the
   * elements before it in that list weigh nothing. An element with a negative weight becomes a
   * failure.
   */
  public static <T> Supplier<Transform<T, List<T>>> byWeight(
      int size, long weight, ToLongFunction<? super T> weigher) {
    return new Overlapping.Plain<>(batch(size, weighing(weight, weigher)));
  }

  /** Like {@link #byWeight(int, long, ToLongFunction)}, and limited in time. */
  public static <T> Supplier<TimedTransform<T, List<T>>> byWeight(
      int size, long weight, ToLongFunction<? super T> weigher, Duration within) {
    return new Overlapping.Timed<>(batch(size, weighing(weight, weigher), within));
  }

  private static <T> Supplier<Batch.Rule<T>> ending(StageFunction<? super T, Boolean> predicate) {
    Objects.requireNonNull(predicate, "predicate");
    return () -> Batch.until(predicate);
  }

  /** Lists that end with an element for which the predicate is true. */
  public static <T> Supplier<Transform<T, List<T>>> until(
      int size, StageFunction<? super T, Boolean> predicate) {
    return batch(size, ending(predicate));
  }

  /** Like {@link #until(int, StageFunction)}, and limited in time. */
  public static <T> Supplier<TimedTransform<T, List<T>>> until(
      int size, StageFunction<? super T, Boolean> predicate, Duration within) {
    return batch(size, ending(predicate), within);
  }

  private static <T> Supplier<Batch.Rule<T>> keyed(StageFunction<? super T, ?> key) {
    Objects.requireNonNull(key, "key");
    return () -> Batch.byKey(key);
  }

  /**
   * Lists of elements that follow each other and have the same key. A list ends when an element
   * with another key comes, so without a time it may wait long. For one list of each key, use
   * {@link Pipe#partitionBy} with a batch in the branch.
   */
  public static <T> Supplier<Transform<T, List<T>>> byKey(
      int size, StageFunction<? super T, ?> key) {
    return new Overlapping.Plain<>(batch(size, keyed(key)));
  }

  /** Like {@link #byKey(int, StageFunction)}, and limited in time. */
  public static <T> Supplier<TimedTransform<T, List<T>>> byKey(
      int size, StageFunction<? super T, ?> key, Duration within) {
    return new Overlapping.Timed<>(batch(size, keyed(key), within));
  }
}
