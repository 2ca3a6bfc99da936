package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.graph.Node;
import dev.millrace.pipeline.graph.Node.Order;
import dev.millrace.pipeline.graph.Node.Overflow;
import dev.millrace.pipeline.graph.Node.Route;
import dev.millrace.pipeline.graph.TimedTransform;
import dev.millrace.pipeline.graph.Transform;
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
 * A blueprint of a stream of elements: what it comes from, and what is done to it. Immutable;
 * nothing happens before a {@link Pipeline} made of it is started.
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
 * <p>Each call gives a new pipe, and a pipe is continued once: two pipelines made of one pipe would
 * run what they share twice, so a second continuation within a pipeline is refused. Names are
 * unique in a pipeline; they are what reports and failures speak of. Functions may block and may
 * throw anything; the context of the run is the current one while they run. None may return null.
 *
 * <p>Wrong arguments are refused here, by an {@link IllegalArgumentException}, not when the
 * pipeline runs.
 *
 * @param <T> the type of the elements
 */
public final class Pipe<T> {

  private final Node<T> node;
  private final FailurePolicy policy;

  private Pipe(Node<T> node, FailurePolicy policy) {
    this.node = node;
    this.policy = policy;
  }

  private <R> Pipe<R> then(Node<R> next) {
    return new Pipe<>(next, policy);
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

  // Beginnings

  /** The elements of a source, which is called "source". */
  public static <T> Pipe<T> from(Source<T> source) {
    return from("source", source);
  }

  /** The elements of a source. */
  public static <T> Pipe<T> from(String name, Source<T> source) {
    Objects.requireNonNull(source, "source");
    return new Pipe<>(new Node.From<>(checked(name), source), FailurePolicy.report());
  }

  /** The elements of all pipes, as they come. */
  public static <T> Pipe<T> merge(String name, List<Pipe<T>> pipes) {
    return new Pipe<>(new Node.Merge<>(checked(name), nodes(pipes)), FailurePolicy.report());
  }

  /** The elements of the first pipe, then those of the next one, and so on. */
  public static <T> Pipe<T> concat(String name, List<Pipe<T>> pipes) {
    return new Pipe<>(new Node.Concat<>(checked(name), nodes(pipes)), FailurePolicy.report());
  }

  private static <T> List<Node<T>> nodes(List<Pipe<T>> pipes) {
    Objects.requireNonNull(pipes, "pipes");
    if (pipes.isEmpty()) {
      throw new IllegalArgumentException("there are no pipes to put together");
    }
    return pipes.stream().map(pipe -> Objects.requireNonNull(pipe, "a pipe is null").node).toList();
  }

  /** One element of each side, combined, as long as both have one. */
  public <U, R> Pipe<R> zip(
      String name, Pipe<U> other, Node.Combiner<? super T, ? super U, ? extends R> combiner) {
    Objects.requireNonNull(other, "other");
    Objects.requireNonNull(combiner, "combiner");
    return then(new Node.Zip<>(checked(name), node, other.node, combiner, policy));
  }

  /** What the stages added from here on do with elements that fail; until it is changed again. */
  public Pipe<T> onFailure(FailurePolicy policy) {
    return new Pipe<>(node, Objects.requireNonNull(policy, "policy"));
  }

  // One after the other

  private <R> Pipe<R> sequential(String name, Supplier<? extends Transform<T, R>> transform) {
    return then(new Node.Sequential<>(checked(name), node, transform, policy));
  }

  private <R> Pipe<R> timed(String name, Supplier<TimedTransform<T, R>> transform) {
    return then(new Node.Timed<>(checked(name), node, transform, policy));
  }

  /** A stage of one's own; the supplier makes the state of each run. */
  public <R> Pipe<R> via(String name, Supplier<? extends Transform<T, R>> transform) {
    Objects.requireNonNull(transform, "transform");
    return sequential(name, transform);
  }

  /** The function's result for each element. */
  public <R> Pipe<R> map(String name, StageFunction<? super T, ? extends R> function) {
    return sequential(name, Transforms.map(function));
  }

  /** The elements for which the predicate is true. */
  public Pipe<T> filter(String name, StageFunction<? super T, Boolean> predicate) {
    return sequential(name, Transforms.filter(predicate));
  }

  /**
   * All elements of the iterable that the function returns for each element.
   *
   * <p>If the iterable or its iterator is {@link AutoCloseable}, the run closes it exactly once,
   * however it is left: after the last of its elements has left the run. So an element may depend
   * on an open iterable until the sink has taken it. A close that fails stops the run.
   *
   * <p>The stream behind a method reference such as {@code Files.lines(path)::iterator} cannot be
   * reached from here, and stays open: use {@link #flatMapStream}.
   */
  public <R> Pipe<R> flatMap(
      String name, StageFunction<? super T, ? extends Iterable<? extends R>> function) {
    return sequential(name, FlatMap.ofIterables(function));
  }

  /**
   * All elements of the stream that the function returns for each element, such as {@code
   * Files::lines}. The run closes each stream, as {@link #flatMap} does iterables.
   */
  public <R> Pipe<R> flatMapStream(
      String name, StageFunction<? super T, ? extends BaseStream<? extends R, ?>> function) {
    return sequential(name, FlatMap.ofStreams(function));
  }

  /** The elements as they are, each of which the consumer has seen before. */
  public Pipe<T> tee(String name, StageConsumer<? super T> consumer) {
    return sequential(name, Transforms.tee(consumer));
  }

  /** The states of a fold: the one after each element. */
  public <S> Pipe<S> scan(
      String name, Supplier<? extends S> initial, Sink.Fold<S, ? super T> fold) {
    return sequential(name, Transforms.scan(initial, fold));
  }

  /** The first {@code n} elements; then the stages before are stopped. */
  public Pipe<T> take(String name, long n) {
    return sequential(name, Transforms.take(n));
  }

  /** All but the first {@code n} elements. */
  public Pipe<T> skip(String name, long n) {
    return sequential(name, Transforms.skip(n));
  }

  /** The elements before the first one for which the predicate is false. */
  public Pipe<T> takeWhile(String name, StageFunction<? super T, Boolean> predicate) {
    return sequential(name, Transforms.takeWhile(predicate));
  }

  /** The first element of each key; all keys are kept in memory. */
  public Pipe<T> distinct(String name, StageFunction<? super T, ?> key) {
    return sequential(name, Transforms.distinct(key));
  }

  /** Lists of {@code size} elements; the last one may be shorter. */
  public Pipe<List<T>> batch(String name, int size) {
    return sequential(name, Transforms.batch(size));
  }

  /**
   * Lists of {@code size} elements, or fewer if the first of them has waited for {@code within}.
   */
  public Pipe<List<T>> batch(String name, int size, Duration within) {
    return timed(name, TimedTransforms.batch(size, within));
  }

  /**
   * Lists of {@code size} elements, each beginning {@code step} elements after the one before;
   * those at the end that do not fill a list are not emitted. Elements that are in no list count as
   * dropped.
   */
  public Pipe<List<T>> window(String name, int size, int step) {
    return sequential(name, Transforms.window(size, step, false));
  }

  /**
   * As {@link #window}, and at the end also the lists that have begun and are not full. So {@code
   * (3, 3)} of five elements gives a list of three and one of two; {@code (3, 1)} of four gives
   * lists of three, three, two, and one.
   */
  public Pipe<List<T>> windowPartial(String name, int size, int step) {
    return sequential(name, Transforms.window(size, step, true));
  }

  // Time

  /**
   * At most {@code elements} at once, and as many in each {@code period} on average: a token
   * bucket. The stages before wait. A thread that wakes up late catches up, by what would have come
   * within one second at most; pauses of the input and of the stages behind are not caught up.
   */
  public Pipe<T> throttle(String name, int elements, Duration period) {
    return timed(name, TimedTransforms.throttle(elements, period));
  }

  /** An element once no other has come for {@code silence}; those before it are dropped. */
  public Pipe<T> debounce(String name, Duration silence) {
    return timed(name, TimedTransforms.debounce(silence));
  }

  /** The latest element of each {@code period} that has one; the others are dropped. */
  public Pipe<T> sample(String name, Duration period) {
    return timed(name, TimedTransforms.sample(period));
  }

  /** Lets the stages before run ahead by up to {@code capacity} elements. */
  public Pipe<T> buffer(String name, int capacity) {
    return buffer(name, capacity, Overflow.WAIT);
  }

  /** As {@link #buffer(String, int)}, and says what happens when it is full. */
  public Pipe<T> buffer(String name, int capacity, Overflow overflow) {
    atLeast(1, capacity, "the capacity of a buffer");
    return then(
        new Node.Buffer<>(
            checked(name), node, capacity, Objects.requireNonNull(overflow, "overflow")));
  }

  // Many at once

  private <R> Pipe<R> parallel(
      String name,
      int parallelism,
      Order order,
      @Nullable Function<? super T, ?> key,
      StageFunction<? super T, ? extends R> function) {
    atLeast(1, parallelism, "the parallelism");
    Objects.requireNonNull(function, "function");
    return then(
        new Node.Parallel<>(checked(name), node, parallelism, order, key, function, policy));
  }

  /** As {@link #map}, for {@code parallelism} elements at once; keeps the order. */
  public <R> Pipe<R> mapParallel(
      String name, int parallelism, StageFunction<? super T, ? extends R> function) {
    return parallel(name, parallelism, Order.INPUT, null, function);
  }

  /** As {@link #mapParallel}, and emits each result as soon as it is there. */
  public <R> Pipe<R> mapParallelUnordered(
      String name, int parallelism, StageFunction<? super T, ? extends R> function) {
    return parallel(name, parallelism, Order.COMPLETION, null, function);
  }

  /**
   * As {@link #mapParallelUnordered}, but elements of the same key are processed one after the
   * other, and keep their order. There may be any number of keys.
   */
  public <R> Pipe<R> mapKeyed(
      String name,
      int parallelism,
      Function<? super T, ?> key,
      StageFunction<? super T, ? extends R> function) {
    return parallel(name, parallelism, Order.KEY, Objects.requireNonNull(key, "key"), function);
  }

  /** As {@link #mapParallel}, for a function that returns before its result is there. */
  public <R> Pipe<R> mapAsync(
      String name,
      int parallelism,
      StageFunction<? super T, ? extends CompletionStage<? extends R>> function) {
    Objects.requireNonNull(function, "function");
    return parallel(
        name,
        parallelism,
        Order.INPUT,
        null,
        element -> get(Transforms.result(function.apply(element))));
  }

  private static <R> R get(CompletionStage<? extends R> stage) throws Exception {
    var future = stage.toCompletableFuture();
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Exception cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
  }

  // Branches

  /** Each element goes to every branch; emits what the branches emit, as it comes. */
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

  /** Each element goes to one of {@code copies} of a branch, whichever has room. */
  public <R> Pipe<R> balance(String name, int copies, Function<Pipe<T>, Pipe<R>> branch) {
    atLeast(1, copies, "the number of copies");
    return fanOut(
        name, Route.BALANCE, null, Collections.nCopies(copies, branch(name + "/lane", branch)));
  }

  /**
   * Each element goes to one of {@code copies} of a branch, chosen by the hash of its key: elements
   * of one key go to the same, in their order.
   */
  public <R> Pipe<R> partitionBy(
      String name, Function<? super T, ?> key, int copies, Function<Pipe<T>, Pipe<R>> branch) {
    Objects.requireNonNull(key, "key");
    atLeast(1, copies, "the number of copies");
    return fanOut(
        name, Route.PARTITION, key, Collections.nCopies(copies, branch(name + "/lane", branch)));
  }

  private <R> Node.Branch<T, R> branch(String lane, Function<Pipe<T>, Pipe<R>> build) {
    Objects.requireNonNull(build, "branch");
    var beginning = new Node.Lane<T>(lane);
    Pipe<R> built = build.apply(then(beginning));
    return new Node.Branch<>(
        beginning, Objects.requireNonNull(built, "a branch returned null").node);
  }

  private <R> Pipe<R> fanOut(
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
    Composition.check(node);
    return Pipeline.of(node, sink);
  }

  /** As {@link #publisher(Engine, Context, StageConsumer)}; the first failure stops the run. */
  public Flow.Publisher<T> publisher(Engine engine, Context context) {
    return publisher(engine, context, FailureHandlers.stop());
  }

  /**
   * The results as a publisher: each subscription starts a run of its own, which goes on as far as
   * there is demand, and is cancelled with the subscription. The subscriber is told the end when no
   * thread of the run is alive any more: completion, or what {@link Run#join} throws, of an {@link
   * ExecutionException} the cause.
   *
   * <p>Obeys the rules of Reactive Streams (§1, §3). A subscription costs a virtual thread.
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
