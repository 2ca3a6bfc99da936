package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Node.Order;
import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Node.Route;
import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.BaseStream;
import org.jspecify.annotations.Nullable;

/**
 * A blueprint of a stream of elements: a source and the stages after it. Immutable and thread-safe.
 * Nothing runs before a {@link Pipeline} made of the pipe is started.
 *
 * <pre>{@code
 * Pipeline<Long> job =
 *     Pipe.from(Source.lines(path))
 *         .map("parse", Order::parse)
 *         .mapParallel("enrich", 64, this::lookup)
 *         .partitionBy("customers", Order::customer, 8, lane -> lane.map("apply", this::apply))
 *         .to(Sink.count());
 * }</pre>
 *
 * <p>Each call gives a new pipe. Within a pipeline, a pipe can be continued only once: use {@link
 * #broadcast} to give its elements to several stages. Two pipelines made of one pipe run the shared
 * stages twice. Names of stages are unique in a pipeline; reports and failures use them.
 *
 * <p>Functions may block and may throw any exception. While a function runs, the context of the run
 * is {@link Context#current()}. A function must not return null.
 *
 * <p>The methods check their arguments when they are called, not when the pipeline runs. They throw
 * an {@link IllegalArgumentException} for a value out of range, and a {@link NullPointerException}
 * for null.
 *
 * @param <T> the type of the elements
 */
public final class Pipe<T> {

  final Node<T> node;
  final FailurePolicy policy;
  private final int prefetch;

  Pipe(Node<T> node) {
    this(node, FailurePolicy.report(), Node.Parallel.PREFETCH_OF_THE_ENGINE);
  }

  private Pipe(Node<T> node, FailurePolicy policy, int prefetch) {
    this.node = node;
    this.policy = policy;
    this.prefetch = prefetch;
  }

  private <R> Pipe<R> then(Node<R> next) {
    return new Pipe<>(next, policy, prefetch);
  }

  static void atLeast(long least, long value, String what) {
    if (value < least) {
      throw new IllegalArgumentException(what + " must be at least " + least + ", but is " + value);
    }
  }

  private static String checked(String name) {
    Objects.requireNonNull(name, "a stage needs a name: it is null");
    if (name.isBlank()) {
      throw new IllegalArgumentException("a stage needs a name: it is blank");
    }
    return name;
  }

  // Sources

  /** The elements of a source, in a stage named "source". */
  public static <T> Pipe<T> from(Source<T> source) {
    return from("source", source);
  }

  /** The elements of a source. */
  public static <T> Pipe<T> from(String name, Source<T> source) {
    Objects.requireNonNull(source, "source");
    return new Pipe<>(new Node.From<>(checked(name), source));
  }

  /** The elements of all pipes, in the order in which they arrive. */
  public static <T> Pipe<T> merge(String name, List<Pipe<T>> pipes) {
    return new Pipe<>(new Node.Merge<>(checked(name), nodes(pipes)));
  }

  /**
   * The elements of the first pipe, then the elements of the second pipe, and so on. Each pipe
   * starts when the previous one has ended.
   */
  public static <T> Pipe<T> concat(String name, List<Pipe<T>> pipes) {
    return new Pipe<>(new Node.Concat<>(checked(name), nodes(pipes)));
  }

  private static <T> List<Node<T>> nodes(List<Pipe<T>> pipes) {
    Objects.requireNonNull(pipes, "pipes");
    if (pipes.isEmpty()) {
      throw new IllegalArgumentException("there are no pipes to put together");
    }
    return pipes.stream().map(pipe -> Objects.requireNonNull(pipe, "a pipe is null").node).toList();
  }

  /**
   * Combines one element of this pipe with one element of the other pipe, until one of them has
   * ended.
   */
  public <U, R> Pipe<R> zip(
      String name, Pipe<U> other, Node.Combiner<? super T, ? super U, ? extends R> combiner) {
    Objects.requireNonNull(other, "other");
    Objects.requireNonNull(combiner, "combiner");
    return then(new Node.Zip<>(checked(name), node, other.node, combiner, policy));
  }

  /**
   * Sets the failure policy of all stages that are added after this call, until the next call of
   * {@code onFailure}. Default: {@link FailurePolicy#report()}.
   */
  public Pipe<T> onFailure(FailurePolicy policy) {
    return new Pipe<>(node, Objects.requireNonNull(policy, "policy"), prefetch);
  }

  /**
   * Bounds the parallel stages that are added after this call, until the next call: each holds at
   * most this number of elements besides the elements whose function runs. Waiting results count,
   * too. 0 makes the previous stage wait until a function is free. Default: enough for 64 elements
   * inside, and at least the parallelism. That costs the fewest wake-ups.
   */
  public Pipe<T> prefetch(int elements) {
    atLeast(0, elements, "the prefetch");
    return new Pipe<>(node, policy, elements);
  }

  // Sequential stages

  private <R> Pipe<R> sequential(String name, Supplier<? extends Transform<T, R>> transform) {
    return then(new Node.Sequential<>(checked(name), node, transform, policy));
  }

  private <R> Pipe<R> timed(String name, Supplier<TimedTransform<T, R>> transform) {
    return then(new Node.Timed<>(checked(name), node, transform, policy));
  }

  /**
   * A stage of {@link Operators}, {@link Batches}, {@link Windows}, {@link TimedOperators}, {@link
   * Hooks}, or of your own. The supplier makes a new transform for each run, and for each copy of a
   * branch.
   */
  public <R> Pipe<R> via(String name, Supplier<? extends Transform<T, R>> transform) {
    Objects.requireNonNull(transform, "transform");
    if (transform instanceof TimedTransforms.Ours<?, ?>) {
      @SuppressWarnings("unchecked") // it makes timed transforms with the types of the parameter
      var timed = (TimedTransforms.Ours<T, R>) transform;
      return timed(name, timed);
    }
    return sequential(name, transform);
  }

  /**
   * The pipe that the function makes of this pipe: for a group of stages that several pipelines
   * have.
   */
  public <R> R through(Function<? super Pipe<T>, R> stages) {
    return Objects.requireNonNull(
        Objects.requireNonNull(stages, "stages").apply(this), "the function returned null");
  }

  /**
   * These elements, and then the elements of this pipe. The elements come from a source of their
   * own, in a stage named {@code name + "/elements"}.
   */
  public Pipe<T> prepend(String name, List<? extends T> elements) {
    Pipe<T> first = from(checked(name) + "/elements", Source.of(List.copyOf(elements)));
    return then(new Node.Concat<>(name, List.of(first.node, node)));
  }

  /** The elements of this pipe, and then these elements, also when the run is drained. */
  public Pipe<T> append(String name, List<? extends T> elements) {
    return sequential(name, Transforms.append(elements));
  }

  /** The function's result for each element. */
  public <R> Pipe<R> map(String name, StageFunction<? super T, ? extends R> function) {
    return sequential(name, Transforms.map(function));
  }

  /** The elements for which the predicate is true; the others are dropped. */
  public Pipe<T> filter(String name, StageFunction<? super T, Boolean> predicate) {
    return sequential(name, Transforms.filter(predicate));
  }

  /**
   * All elements of the iterable that the function returns for each element.
   *
   * <p>If the iterable or its iterator is {@link AutoCloseable}, the run closes it exactly once,
   * however the iteration ends: after the last of its elements has left the run. So an element may
   * depend on an open iterable until the sink has taken the element. If the close throws, the run
   * stops.
   *
   * <p>The run cannot close the stream behind a method reference such as {@code
   * Files.lines(path)::iterator}: use {@link #flatMapStream}.
   */
  public <R> Pipe<R> flatMap(
      String name, StageFunction<? super T, ? extends Iterable<? extends R>> function) {
    return sequential(name, FlatMap.ofIterables(function));
  }

  /**
   * All elements of the stream that the function returns for each element, such as {@code
   * Files::lines}. The run closes each stream, as {@link #flatMap} closes iterables.
   */
  public <R> Pipe<R> flatMapStream(
      String name, StageFunction<? super T, ? extends BaseStream<? extends R, ?>> function) {
    return sequential(name, FlatMap.ofStreams(function));
  }

  <R> Pipe<R> flatMapPipes(
      String name, Engine engine, StageFunction<? super T, ? extends Pipe<R>> function) {
    return sequential(name, FlatMap.ofPipes(engine, function));
  }

  /** Calls the consumer with each element, and then emits the same element. */
  public Pipe<T> tee(String name, StageConsumer<? super T> consumer) {
    return sequential(name, Transforms.tee(consumer));
  }

  /** The state of a fold after each element. */
  public <S> Pipe<S> scan(
      String name, Supplier<? extends S> initial, Sink.Fold<S, ? super T> fold) {
    return sequential(name, Transforms.scan(initial, fold));
  }

  /** The first {@code n} elements; then the stages above end. */
  public Pipe<T> take(String name, long n) {
    return sequential(name, Transforms.take(n));
  }

  /** All but the first {@code n} elements. */
  public Pipe<T> skip(String name, long n) {
    return sequential(name, Transforms.skip(n));
  }

  /**
   * The elements before the first element for which the predicate is false; then the stages above
   * end.
   */
  public Pipe<T> takeWhile(String name, StageFunction<? super T, Boolean> predicate) {
    return sequential(name, Transforms.takeWhile(predicate));
  }

  /** The first element of each key; later elements are dropped. Keeps all keys in memory. */
  public Pipe<T> distinct(String name, StageFunction<? super T, ?> key) {
    return sequential(name, Transforms.distinct(key));
  }

  /** Lists of {@code size} elements; the last one may be shorter. */
  public Pipe<List<T>> batch(String name, int size) {
    return sequential(name, Transforms.batch(size));
  }

  /**
   * Lists of {@code size} elements. A list is emitted earlier, with fewer elements, when its first
   * element has waited for {@code within}. The last list may be shorter.
   */
  public Pipe<List<T>> batch(String name, int size, Duration within) {
    return timed(name, TimedTransforms.batch(size, within));
  }

  /**
   * Lists of {@code size} elements. Each list starts {@code step} elements after the start of the
   * previous list. A list that is not full at the end is not emitted. Elements that are in no list
   * count as dropped.
   */
  public Pipe<List<T>> window(String name, int size, int step) {
    return sequential(name, Transforms.window(size, step, false));
  }

  /**
   * Like {@link #window}, and at the end it also emits the lists that have started and are not
   * full. So {@code (3, 3)} makes lists of 3 and 2 from five elements; {@code (3, 1)} makes lists
   * of 3, 3, 2 and 1 from four elements.
   */
  public Pipe<List<T>> windowPartial(String name, int size, int step) {
    return sequential(name, Transforms.window(size, step, true));
  }

  // Time

  /**
   * Limits the rate by a token bucket: on average {@code elements} in each {@code period}, and at
   * most {@code elements} in one burst. The stages above wait. A thread that wakes up late catches
   * up, by at most the elements of one second. Pauses of the input, and of the stages below, are
   * not caught up.
   */
  public Pipe<T> throttle(String name, int elements, Duration period) {
    return timed(name, TimedTransforms.throttle(elements, period));
  }

  /**
   * Emits the latest element when no other element has come for {@code silence}; drops the earlier
   * ones. At the end it emits the last element at once.
   */
  public Pipe<T> debounce(String name, Duration silence) {
    return timed(name, TimedTransforms.debounce(silence));
  }

  /**
   * Emits the latest element of each {@code period}; drops the earlier ones. A period without
   * elements emits nothing.
   */
  public Pipe<T> sample(String name, Duration period) {
    return timed(name, TimedTransforms.sample(period));
  }

  /** Holds up to {@code capacity} elements. When the buffer is full, the stages above wait. */
  public Pipe<T> buffer(String name, int capacity) {
    return buffer(name, capacity, Overflow.WAIT);
  }

  /**
   * Like {@link #buffer(String, int)}; {@code overflow} decides what happens when the buffer is
   * full.
   */
  public Pipe<T> buffer(String name, int capacity, Overflow overflow) {
    atLeast(1, capacity, "the capacity of a buffer");
    return then(
        new Node.Buffer<>(
            checked(name), node, capacity, Objects.requireNonNull(overflow, "overflow")));
  }

  // Parallel stages

  private <R> Pipe<R> parallel(
      String name,
      int parallelism,
      Order order,
      @Nullable Function<? super T, ?> key,
      StageFunction<? super T, ? extends R> function) {
    atLeast(1, parallelism, "the parallelism");
    Objects.requireNonNull(function, "function");
    return then(
        new Node.Parallel<>(
            checked(name), node, parallelism, prefetch, order, key, function, policy));
  }

  /**
   * Like {@link #map}, with up to {@code parallelism} calls of the function at once. Keeps the
   * order of the input.
   */
  public <R> Pipe<R> mapParallel(
      String name, int parallelism, StageFunction<? super T, ? extends R> function) {
    return parallel(name, parallelism, Order.INPUT, null, function);
  }

  /** Like {@link #mapParallel}, but emits each result as soon as the function has returned it. */
  public <R> Pipe<R> mapParallelUnordered(
      String name, int parallelism, StageFunction<? super T, ? extends R> function) {
    return parallel(name, parallelism, Order.COMPLETION, null, function);
  }

  /**
   * Like {@link #mapParallelUnordered}, but elements with the same key are processed one after the
   * other, in their order. The number of keys is not limited.
   */
  public <R> Pipe<R> mapKeyed(
      String name,
      int parallelism,
      Function<? super T, ?> key,
      StageFunction<? super T, ? extends R> function) {
    return parallel(name, parallelism, Order.KEY, Objects.requireNonNull(key, "key"), function);
  }

  /**
   * Like {@link #mapParallel}, for a function that returns a future of its result. A worker waits
   * for each future. It cancels the future if it is interrupted.
   */
  public <R> Pipe<R> mapAsync(
      String name,
      int parallelism,
      StageFunction<? super T, ? extends CompletionStage<? extends R>> function) {
    Objects.requireNonNull(function, "function");
    return parallel(name, parallelism, Order.INPUT, null, StageFunctions.awaiting(function));
  }

  // Branches

  /**
   * Gives each element to every branch. Emits the elements of all branches, in the order in which
   * they arrive. The slowest branch sets the speed.
   */
  public <R> Pipe<R> broadcast(String name, List<Function<Pipe<T>, Pipe<R>>> branches) {
    checked(name);
    Objects.requireNonNull(branches, "branches");
    List<Node.Branch<T, R>> built = new ArrayList<>();
    for (Function<Pipe<T>, Pipe<R>> branch : branches) {
      built.add(branch(name + "/" + (built.size() + 1), branch));
    }
    atLeast(1, built.size(), "the number of branches");
    return fanOut(name, Route.BROADCAST, null, built);
  }

  /** Gives each element to the first of {@code copies} copies of a branch that can take it. */
  public <R> Pipe<R> balance(String name, int copies, Function<Pipe<T>, Pipe<R>> branch) {
    atLeast(1, copies, "the number of copies");
    return fanOut(
        name, Route.BALANCE, null, Collections.nCopies(copies, branch(name + "/lane", branch)));
  }

  /**
   * Gives each element to one of {@code copies} copies of a branch, chosen by the hash of its key.
   * Elements with the same key go to the same copy, in their order.
   */
  public <R> Pipe<R> partitionBy(
      String name, Function<? super T, ?> key, int copies, Function<Pipe<T>, Pipe<R>> branch) {
    Objects.requireNonNull(key, "key");
    atLeast(1, copies, "the number of copies");
    return fanOut(
        name, Route.PARTITION, key, Collections.nCopies(copies, branch(name + "/lane", branch)));
  }

  <R> Node.Branch<T, R> branch(String lane, Function<Pipe<T>, Pipe<R>> build) {
    Objects.requireNonNull(build, "branch");
    var beginning = new Node.Lane<T>(lane);
    Pipe<R> built = build.apply(then(beginning));
    return new Node.Branch<>(
        beginning, Objects.requireNonNull(built, "a branch returned null").node);
  }

  <R> Pipe<R> fanOut(
      String name,
      Route route,
      @Nullable Function<? super T, ?> key,
      List<Node.Branch<T, R>> branches) {
    return then(new Node.FanOut<>(checked(name), node, route, key, List.copyOf(branches), policy));
  }

  // The end

  /**
   * Completes the blueprint.
   *
   * @throws IllegalArgumentException if two stages have the same name, a pipe is continued twice,
   *     or a branch does not begin with the pipe that it was given
   */
  public <R extends @Nullable Object> Pipeline<R> to(Sink<? super T, R> sink) {
    return Objects.requireNonNull(sink, "sink").complete(this);
  }

  /** Completes the blueprint with a sink that adds no stages. */
  <R extends @Nullable Object> Pipeline<R> end(Sink<? super T, R> sink) {
    Composition.check(node);
    return Pipeline.of(node, sink);
  }

  /**
   * Like {@link #publisher(Engine, Context, StageConsumer)}, but the first failure stops the run.
   */
  public Flow.Publisher<T> publisher(Engine engine, Context context) {
    return publisher(engine, context, FailureHandlers.stop());
  }

  /**
   * The elements as a publisher. Each subscription starts a run of its own. The run waits for
   * demand, and is cancelled with the subscription. The subscriber gets the end when no thread of
   * the run is alive any more: {@code onComplete}, or {@code onError} with the exception of {@link
   * Run#join}. For an {@link ExecutionException}, {@code onError} gets its cause.
   *
   * <p>Obeys the rules of Reactive Streams (§1, §3). Thread-safe; {@code subscribe} does not block.
   * Each subscription costs a virtual thread.
   *
   * @param onFailure gets the failures of every run
   * @throws IllegalArgumentException as {@link #to} does
   */
  public Flow.Publisher<T> publisher(
      Engine engine, Context context, StageConsumer<? super Failure<?>> onFailure) {
    Composition.check(node);
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(onFailure, "onFailure");
    return subscriber -> {
      var subscription = new RunSubscription<T>(subscriber);
      subscription.start(
          () -> Pipeline.of(node, subscription.sink()).start(engine, context, onFailure));
    };
  }
}
