package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A stage of a blueprint; its inputs lead to the rest of the graph. Immutable and thread-safe.
 *
 * <p>Nodes are the same stage if they are the same object. Each node except a {@link Lane} is the
 * input of at most one other node.
 *
 * @param <T> the type of the elements that it emits
 */
@SuppressWarnings("unused") // the types of the elements are for the compiler
public sealed interface Node<T> {

  /** The name of the stage in reports and failures; unique in a pipeline. */
  String name();

  /** The nodes whose elements this stage takes. */
  List<? extends Node<?>> inputs();

  /** The elements of a source. */
  record From<T>(String name, Source<T> source) implements Node<T> {
    @Override
    public List<Node<?>> inputs() {
      return List.of();
    }
  }

  /**
   * Processes one element after the other, in one thread at a time. An engine may fuse adjacent
   * sequential stages.
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

  /** Processes one element after the other, and also acts when time has passed. */
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

  /** The order in which a parallel stage emits. */
  enum Order {
    /** The order in which the elements came in. */
    INPUT,
    /** The order in which the function returned. */
    COMPLETION,
    /**
     * Like {@link #COMPLETION}, but elements of the same key are processed one after the other, in
     * the order in which they came in.
     */
    KEY
  }

  /**
   * Runs one function for several elements at once.
   *
   * @param parallelism the maximum number of concurrent calls of the function
   * @param prefetch the maximum number of elements inside besides the elements whose function runs;
   *     {@link #PREFETCH_OF_THE_ENGINE} if the engine chooses
   * @param key computes the key of an element; only with {@link Order#KEY}, else null
   */
  record Parallel<I, O>(
      String name,
      Node<I> input,
      int parallelism,
      int prefetch,
      Order order,
      @Nullable Function<? super I, ?> key,
      StageFunction<? super I, ? extends O> function,
      FailurePolicy policy)
      implements Node<O> {

    /** The engine chooses the prefetch. */
    public static final int PREFETCH_OF_THE_ENGINE = -1;

    @Override
    public List<Node<I>> inputs() {
      return List.of(input);
    }
  }

  /** The reaction of a full buffer to another element. */
  enum Overflow {
    /** The previous stage waits. */
    WAIT,
    /** The new element is dropped. */
    DROP_NEWEST,
    /** The element that has waited longest is dropped. */
    DROP_OLDEST
  }

  /**
   * Holds up to {@code capacity} elements between two stages, so that they can run at different
   * speeds.
   *
   * @param onDrop gets each element that is dropped; neither blocks nor throws
   */
  record Buffer<T>(
      String name, Node<T> input, int capacity, Overflow overflow, Consumer<? super T> onDrop)
      implements Node<T> {
    /** A buffer without a callback for dropped elements. */
    public Buffer(String name, Node<T> input, int capacity, Overflow overflow) {
      this(name, input, capacity, overflow, element -> {});
    }

    @Override
    public List<Node<T>> inputs() {
      return List.of(input);
    }
  }

  /** The elements of all inputs, in the order in which they arrive. */
  record Merge<T>(String name, List<Node<T>> inputs) implements Node<T> {}

  /**
   * The elements of the first input, then the elements of the next input. Each input starts when
   * the previous one has ended.
   */
  record Concat<T>(String name, List<Node<T>> inputs) implements Node<T> {}

  /** Combines one element of each side with one of the other side, until one side has ended. */
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

  /** The branches to which a fan-out gives an element. */
  enum Route {
    /** Every branch. The slowest branch sets the speed. */
    BROADCAST,
    /** One branch that can begin with it. */
    BALANCE,
    /** One branch, chosen by the hash of the element's key. */
    PARTITION
  }

  /**
   * A branch of a fan-out.
   *
   * @param lane the first node of the branch: it stands for the elements that come from the fan-out
   * @param output the last node of the branch
   */
  record Branch<T, O>(Lane<T> lane, Node<O> output) {}

  /**
   * Spreads its input over branches, and emits the elements of all branches in the order in which
   * they arrive.
   *
   * @param key computes the key of an element; only with {@link Route#PARTITION}, else null
   * @param branches the branches; an object that is in the list n times stands for n copies of that
   *     branch
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

  /** The first node of a branch. A lane is equal only to itself. */
  final class Lane<T> implements Node<T> {
    private final String name;

    /** Creates a lane with this name. */
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
