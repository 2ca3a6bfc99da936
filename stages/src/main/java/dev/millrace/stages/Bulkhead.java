package dev.millrace.stages;

import dev.millrace.context.Context;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.sync.Semaphore;
import java.util.Objects;
import java.util.function.ToLongFunction;

/**
 * Bounds the work under way at the same time by its weight, such as the bytes of all documents that
 * are being converted.
 *
 * <pre>{@code
 * var memory = Bulkhead.of(64 << 20);
 * pipe.mapParallel("convert", 16, memory.around(Document::size, this::convert));
 * }</pre>
 *
 * <p>A call waits until its weight is free, in the order of arrival, so that a heavy element is not
 * overtaken for ever. The call blocks its thread, and obeys interrupts and the current context.
 * Bulkheads within each other can deadlock, as locks do, if two functions have them in different
 * orders.
 *
 * <p>If the function returns a {@link java.util.concurrent.CompletionStage}, the weight is free
 * when that is complete.
 *
 * <p>Thread-safe. One bulkhead stands for one resource: all functions that it is put around, of
 * whatever stage or run, share it. A call that need not wait takes two uncontended monitors.
 */
public final class Bulkhead {

  private final Semaphore semaphore;

  private Bulkhead(long capacity) {
    this.semaphore = new Semaphore(capacity);
  }

  /**
   * A bulkhead for a total weight of {@code capacity}.
   *
   * @throws IllegalArgumentException if {@code capacity} is less than 1
   */
  public static Bulkhead of(long capacity) {
    return new Bulkhead(capacity);
  }

  /** The function with the bulkhead around it; each call weighs 1. */
  public <I, O> StageFunction<I, O> around(StageFunction<? super I, ? extends O> function) {
    return around(element -> 1, function);
  }

  /**
   * The function with the bulkhead around it.
   *
   * @param weight of an element, asked once. A weight that is negative or larger than the capacity
   *     makes the element a failure, by an {@link IllegalArgumentException}
   */
  public <I, O> StageFunction<I, O> around(
      ToLongFunction<? super I> weight, StageFunction<? super I, ? extends O> function) {
    Objects.requireNonNull(weight, "weight");
    StageFunction<I, O> whole = Calls.whole(function);
    return element -> {
      long own = weight.applyAsLong(element);
      if (own > semaphore.capacity()) {
        throw new IllegalArgumentException(
            "an element weighs %d, and the bulkhead has a capacity of %d"
                .formatted(own, semaphore.capacity()));
      }
      semaphore.acquire(own, Context.current());
      try {
        return whole.apply(element);
      } finally {
        semaphore.release(own);
      }
    };
  }

  /** The number of calls that wait for their weight now. */
  public int waiting() {
    return semaphore.waiting();
  }

  /** The weight that is under way now. */
  public long used() {
    return semaphore.acquired();
  }
}
