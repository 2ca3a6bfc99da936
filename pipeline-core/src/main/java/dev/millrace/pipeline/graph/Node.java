package dev.millrace.pipeline.graph;

import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A stage of a blueprint, and with its inputs the graph above it; immutable.
 *
 * <p>Nodes are the same stage if they are the same object. Each but a {@link Lane} is the input of
 * one other node at the most.
 *
 * @param <T> the type of the elements that it emits
 */
@SuppressWarnings("unused") // the types of the elements are for the compiler
public sealed interface Node<T> {

  /** What reports and failures call it; unique in a pipeline. */
  String name();

  /** Where its elements come from. */
  List<? extends Node<?>> inputs();

  /** Elements from outside. */
  record From<T>(String name, Source<T> source) implements Node<T> {
    @Override
    public List<Node<?>> inputs() {
      return List.of();
    }
  }

  /**
   * One element after the other, in one thread at a time; adjacent ones can be fused.
   *
   * @param transform makes the state of one run, or of one lane of it
   */
  record Sequential<I, O>(
      String name,
      Node<I> input,
      Supplier<? extends Transform<I, O>> transform,
      FailurePolicy policy)
      implements Node<O> {
    @Override
    public List<Node<I>> inputs() {
      return List.of(input);
    }
  }

  /** One element after the other, and now and then because time has passed. */
  record Timed<I, O>(
      String name,
      Node<I> input,
      Supplier<? extends TimedTransform<I, O>> transform,
      FailurePolicy policy)
      implements Node<O> {
    @Override
    public List<Node<I>> inputs() {
      return List.of(input);
    }
  }

  /** In which order a parallel stage emits. */
  enum Order {
    /** That in which the elements came in. */
    INPUT,
    /** That in which the function returned. */
    COMPLETION,
    /**
     * As {@link #COMPLETION}, but elements of the same key are processed one after the other, in
     * the order in which they came in.
     */
    KEY
  }

  /**
   * One function for many elements at once.
   *
   * @param parallelism how many run at the same time, at the most
   * @param key of an element; with {@link Order#KEY} only
   */
  record Parallel<I, O>(
      String name,
      Node<I> input,
      int parallelism,
      Order order,
      @Nullable Function<? super I, ?> key,
      StageFunction<? super I, ? extends O> function,
      FailurePolicy policy)
      implements Node<O> {
    @Override
    public List<Node<I>> inputs() {
      return List.of(input);
    }
  }

  /** What a buffer does when it is full. */
  enum Overflow {
    /** The stage before it waits. */
    WAIT,
    /** The element that comes in is dropped. */
    DROP_NEWEST,
    /** The element that has waited longest is dropped. */
    DROP_OLDEST
  }

  /**
   * Lets the stages before and after it run at their own pace, {@code capacity} elements apart.
   *
   * @param onDrop gets each element that is dropped; neither blocks nor throws
   */
  record Buffer<T>(
      String name, Node<T> input, int capacity, Overflow overflow, Consumer<? super T> onDrop)
      implements Node<T> {
    /** A buffer whose dropped elements nobody asks for. */
    public Buffer(String name, Node<T> input, int capacity, Overflow overflow) {
      this(name, input, capacity, overflow, element -> {});
    }

    @Override
    public List<Node<T>> inputs() {
      return List.of(input);
    }
  }

  /** The elements of all inputs as they come. */
  record Merge<T>(String name, List<Node<T>> inputs) implements Node<T> {}

  /** The elements of the first input, then those of the next one; a later one is started then. */
  record Concat<T>(String name, List<Node<T>> inputs) implements Node<T> {}

  /** One element of each side, as long as both have one. */
  record Zip<A, B, O>(
      String name,
      Node<A> left,
      Node<B> right,
      Combiner<? super A, ? super B, ? extends O> combiner,
      FailurePolicy policy)
      implements Node<O> {
    @Override
    public List<Node<?>> inputs() {
      return List.of(left, right);
    }
  }

  /** Combines two elements. */
  @FunctionalInterface
  interface Combiner<A, B, O> {
    /** The result, never null. */
    O apply(A left, B right) throws Exception;
  }

  /** To which branches a fan-out gives an element. */
  enum Route {
    /** To each of them; it goes as fast as the slowest. */
    BROADCAST,
    /** To one that has room. */
    BALANCE,
    /** To one chosen by the hash of the element's key. */
    PARTITION
  }

  /**
   * A branch of a fan-out.
   *
   * @param lane stands in the branch for what comes from the fan-out
   * @param output the last node of the branch
   */
  record Branch<T, O>(Lane<T> lane, Node<O> output) {}

  /**
   * Spreads its input over branches, and emits what they emit, as it comes.
   *
   * @param key of an element; with {@link Route#PARTITION} only
   * @param branches the same object several times stands for so many copies of a branch
   */
  record FanOut<T, O>(
      String name,
      Node<T> input,
      Route route,
      @Nullable Function<? super T, ?> key,
      List<Branch<T, O>> branches,
      FailurePolicy policy)
      implements Node<O> {
    @Override
    public List<Node<T>> inputs() {
      return List.of(input);
    }
  }

  /** The beginning of a branch; equal to itself only. */
  final class Lane<T> implements Node<T> {
    private final String name;

    /** A lane of the fan-out of that name. */
    public Lane(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public List<Node<?>> inputs() {
      return List.of();
    }
  }
}
