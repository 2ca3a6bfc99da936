package dev.millrace.pipeline;

import dev.millrace.errors.Carrier;
import dev.millrace.pipeline.Node.Combiner;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.pipeline.transform.Transform;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Thread boundaries for {@link Pipe#through} that react to the speed of the stages after them,
 * beside {@link Pipe#buffer}.
 *
 * <pre>{@code
 * pipe.through(Buffers.conflate("latest totals", Totals::plus)).map("write", this::write);
 * }</pre>
 *
 * <p>Each is built from other stages, so reports and drawings show several stages. The first one
 * has the given name, and its failures; the names of the others begin with that name and a slash.
 * The boundary counts the elements that wait in it. One more element may wait between it and the
 * next stage.
 *
 * <p>The methods are thread-safe, and so are the values that they return. They throw an {@link
 * IllegalArgumentException} for a number out of range.
 */
public final class Buffers {

  private Buffers() {}

  /**
   * Combines the elements that come while the next stage is busy into one. So the stages above
   * never wait, nothing is dropped, and one element waits at most. To keep more, use a combiner of
   * lists, maps or sums. The order is that of the input: the first argument of the combiner is the
   * older one.
   *
   * <p>The combiner must not block, because the next stage may wait for it. If it throws, its
   * second argument becomes a failure, and the first one stays. With a {@linkplain Source#settling
   * settling} source, all combined elements are settled with the result. So their origins are held
   * in memory until then.
   */
  public static <T> UnaryOperator<Pipe<T>> conflate(
      String name, Combiner<? super T, ? super T, ? extends T> combiner) {
    Objects.requireNonNull(combiner, "combiner");
    return pipe ->
        pipe.via(name, new Conflation.Into<T>(combiner))
            .buffer(name + "/waiting", 1)
            .via(name + "/taken", new Conflation.Take<>());
  }

  /**
   * Each element, and then the elements of an iterator that the function makes of it, as long as
   * the next stage takes them and no new element has come. So a slow input does not hold up the
   * stages below. The end of the input ends the last iterator, too.
   *
   * <p>A stage that takes elements at once gets them as fast as the iterator gives them. The
   * iterator must not block: the next element waits for it. If the function or the iterator throws,
   * the input element becomes a failure, in the stage {@code name + "/expanded"}; emitted elements
   * stay emitted.
   */
  public static <T> UnaryOperator<Pipe<T>> expand(
      String name, StageFunction<? super T, ? extends Iterator<? extends T>> function) {
    Objects.requireNonNull(function, "function");
    return pipe ->
        pipe.via(name, Expansion.<T>latest(true))
            .buffer(name + "/waiting", 1)
            .via(name + "/expanded", Expansion.expanding(function));
  }

  /**
   * Holds up to {@code capacity} elements. An element that comes when the buffer is full becomes a
   * failure with a {@link BufferFullException}; so by default it stops the run. The stages above
   * never wait.
   */
  public static <T> UnaryOperator<Pipe<T>> failing(String name, int capacity) {
    Pipe.atLeast(1, capacity, "the capacity of a buffer");
    return pipe ->
        pipe.via(name, Buffers.<T>counting(name, capacity))
            .buffer(name + "/waiting", capacity)
            .via(name + "/taken", (Transforms.OurMapping<Counted<T>, T>) Buffers::taking);
  }

  /**
   * Holds up to {@code capacity} elements, and gives the next stage the one with the lowest number
   * first. Elements with the same number keep their order. When the buffer is full, the stages
   * above wait. Elements that wait above are not compared. An element with a high number may wait
   * for ever.
   *
   * <p>Costs O(log n) for n different numbers that wait.
   *
   * @param priority computes the number of an element; if it throws, the element becomes a failure
   */
  public static <T> UnaryOperator<Pipe<T>> prioritized(
      String name, int capacity, StageFunction<? super T, Integer> priority) {
    Objects.requireNonNull(priority, "priority");
    Pipe.atLeast(1, capacity, "the capacity of a buffer");
    return pipe ->
        pipe.via(name, new Prioritization.Into<T>(priority))
            .buffer(name + "/waiting", capacity)
            .via(name + "/taken", new Prioritization.Take<>());
  }

  /** An element that counts until it is taken. */
  private record Counted<T>(T element, AtomicInteger count) implements Carrier<T> {
    @Override
    public String toString() {
      return element.toString();
    }
  }

  private static <T> Supplier<Transform<T, Counted<T>>> counting(String name, int capacity) {
    return (Transforms.Ours<T, Counted<T>>)
        () ->
            new Transform.Stateless<>() {
              private final AtomicInteger count = new AtomicInteger();

              @Override
              public Outcome accept(T element, Emitter<? super Counted<T>> out)
                  throws BufferFullException {
                if (count.get() == capacity) {
                  throw new BufferFullException(name, capacity);
                }
                count.incrementAndGet();
                out.emit(new Counted<>(element, count));
                return Outcome.USED;
              }
            };
  }

  private static <T> Mapping<Counted<T>, T> taking() {
    return counted -> {
      counted.count().decrementAndGet();
      return counted.element();
    };
  }
}
