package dev.millrace.pipeline;

import dev.millrace.pipeline.Node.Combiner;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Pipes made of several pipes, beside {@link Pipe#merge}, {@link Pipe#concat} and {@link Pipe#zip}.
 *
 * <pre>{@code
 * Pipe<Quote> quotes = Pipes.withLatestFrom("quote", orders, rates, Quote::of);
 * }</pre>
 *
 * <p>Each is built from other stages, so reports and drawings show several stages. The name of each
 * begins with the given name and a slash; the last stage has exactly the given name. A function
 * that throws makes a failure of that last stage. Its element is the list, or the pair, that the
 * function got.
 *
 * <p>For pipes with other types of elements, the type of the list is their common type.
 *
 * <p>The methods are thread-safe. They throw an {@link IllegalArgumentException} if there are no
 * pipes.
 */
public final class Pipes {

  /** An element of one of several pipes. */
  record Tagged<T>(int pipe, T element) {}

  /**
   * Two elements that a function combines.
   *
   * @param left the element of the first pipe
   * @param right the element of the other pipe
   */
  public record Pair<A, B>(A left, B right) {}

  /**
   * Stands for the end of a pipe, among the elements of that pipe. It is never seen outside of the
   * stages of this class.
   */
  private static final Object END =
      new Object() {
        @Override
        public String toString() {
          return "the end of a pipe";
        }
      };

  private Pipes() {}

  @SuppressWarnings("unchecked") // only the transforms of this class get it
  private static <T> Pipe<T> end(String name, Source<Object> source) {
    return (Pipe<T>) Pipe.from(name, source);
  }

  @SuppressWarnings("ReferenceEquality") // the object is the mark, not its value
  static boolean isEnd(Object element) {
    return element == END;
  }

  @SuppressWarnings("unchecked") // pipes only give elements
  private static <T> List<Pipe<T>> checked(List<? extends Pipe<? extends T>> pipes) {
    Objects.requireNonNull(pipes, "pipes");
    if (pipes.isEmpty()) {
      throw new IllegalArgumentException("there are no pipes to put together");
    }
    return (List<Pipe<T>>) (List<?>) List.copyOf(pipes);
  }

  /**
   * Combines one element of each pipe, in the order of the pipes, until one of them has ended.
   * Holds a few elements of each pipe. Elements without a partner at the end are not settled.
   */
  public static <T, R> Pipe<R> zip(
      String name,
      List<? extends Pipe<? extends T>> pipes,
      StageFunction<? super List<T>, ? extends R> combiner) {
    Objects.requireNonNull(combiner, "combiner");
    List<Pipe<T>> all = checked(pipes);
    return zipped(name, all, 0, all.size()).map(name, combiner);
  }

  /** A tree of pairs, so that its depth grows slowly. */
  private static <T> Pipe<List<T>> zipped(String name, List<Pipe<T>> pipes, int from, int to) {
    if (to - from == 1) {
      return pipes.get(from).map(name + "/" + (from + 1), List::of);
    }
    int middle = (from + to) / 2;
    return zipped(name, pipes, from, middle)
        .zip(
            name + "/" + (from + 1) + "-" + to,
            zipped(name, pipes, middle, to),
            (left, right) -> {
              List<T> both = new ArrayList<>(left);
              both.addAll(right);
              return both;
            });
  }

  /**
   * One element of each pipe in turn, in the order of the pipes. A pipe that has ended is left out.
   * A pipe without an element holds up the others; {@link Pipe#merge} does not wait.
   *
   * <p>Holds a few elements of each pipe. All elements of a turn are settled together. A drain may
   * stop the pipes in the middle of a turn; the elements of that turn are then not settled.
   */
  public static <T> Pipe<T> interleave(String name, List<? extends Pipe<? extends T>> pipes) {
    return endless(name, pipes).via(name, Pipes::turns);
  }

  /** Turns of one element of each pipe, without an end: a pipe that has ended gives the mark. */
  private static <T> Pipe<List<T>> endless(String name, List<? extends Pipe<? extends T>> pipes) {
    List<Pipe<T>> endless = new ArrayList<>();
    for (Pipe<T> pipe : Pipes.<T>checked(pipes)) {
      String prefix = name + "/pipe " + (endless.size() + 1);
      Pipe<T> ends = end(prefix + " end", Source.generate(() -> END));
      endless.add(Pipe.concat(prefix, List.of(pipe, ends)));
    }
    return zipped(name, endless, 0, endless.size());
  }

  /**
   * Like {@link #zip}, until all pipes have ended: {@code filler} stands for the elements of a pipe
   * that has ended. Holds a few elements of each pipe. A drain may stop the pipes in the middle of
   * a turn; the elements of that turn are then not settled.
   */
  public static <T, R> Pipe<R> zipAll(
      String name,
      List<? extends Pipe<? extends T>> pipes,
      T filler,
      StageFunction<? super List<T>, ? extends R> combiner) {
    Objects.requireNonNull(filler, "filler");
    Objects.requireNonNull(combiner, "combiner");
    return Pipes.<T>endless(name, pipes)
        .via(name + "/filled", (Transforms.Passing<List<T>>) () -> filling(filler))
        .map(name, combiner);
  }

  private static <T> Transform<List<T>, List<T>> filling(T filler) {
    return (Transform.Stateless<List<T>, List<T>>)
        (turn, out) -> {
          if (turn.stream().allMatch(Pipes::isEnd)) {
            return Transform.Outcome.DROPPED_LAST;
          }
          out.emit(turn.stream().map(element -> isEnd(element) ? filler : element).toList());
          return Transform.Outcome.USED;
        };
  }

  /**
   * The elements of all pipes. Among the up to {@code capacity} elements that wait for the next
   * stage, the elements of the first pipe come first, then the elements of the second pipe, and so
   * on. Elements that wait above are not compared. So a busy first pipe may hold up the others for
   * ever. See {@link Buffers#prioritized}.
   */
  public static <T> Pipe<T> mergePrioritized(
      String name, int capacity, List<? extends Pipe<? extends T>> pipes) {
    List<Pipe<Tagged<T>>> tagged = new ArrayList<>();
    for (Pipe<T> pipe : Pipes.<T>checked(pipes)) {
      int number = tagged.size();
      tagged.add(pipe.map(name + "/" + (number + 1), element -> new Tagged<>(number, element)));
    }
    return Pipe.merge(name + "/inputs", tagged)
        .through(Buffers.prioritized(name + "/queue", capacity, Tagged::pipe))
        .map(name, Tagged::element);
  }

  private static <T> Transform<List<T>, T> turns() {
    return (Transform.Stateless<List<T>, T>)
        (turn, out) -> {
          boolean isOver = true;
          for (T element : turn) {
            if (!isEnd(element)) {
              isOver = false;
              out.emit(element);
            }
          }
          return isOver ? Transform.Outcome.DROPPED_LAST : Transform.Outcome.USED;
        };
  }

  /**
   * The elements of {@code pipe}; if it ends without an element, the elements of {@code other}. The
   * engines of this library start the other pipe only then. An engine that runs the two stages of
   * this operator in different threads may start it earlier, and read elements that it abandons.
   */
  public static <T> Pipe<T> orElse(String name, Pipe<T> pipe, Pipe<T> other) {
    Objects.requireNonNull(pipe, "pipe");
    Objects.requireNonNull(other, "other");
    Pipe<T> end = end(name + "/end", Source.of(List.of(END)));
    return Pipe.concat(name + "/inputs", List.of(pipe, end, other))
        .via(name, (Transforms.Passing<T>) Pipes::alternative);
  }

  private static <T> Transform<T, T> alternative() {
    return new Transform.Stateless<>() {
      private boolean isEmpty = true;

      @Override
      public Outcome accept(T element, Emitter<? super T> out) {
        if (isEnd(element)) {
          return isEmpty ? Outcome.DROPPED : Outcome.DROPPED_LAST;
        }
        isEmpty = false;
        out.emit(element);
        return Outcome.USED;
      }
    };
  }

  /**
   * For each element of any pipe, the result for the latest elements of all pipes, in the order of
   * the pipes. Begins when each pipe has given an element; elements that are replaced before that
   * are dropped. Ends when all pipes have ended.
   *
   * <p>Holds one element of each pipe. An element is settled with the first result that is made of
   * it; later results only remember it. Before the first result, elements are not settled, so a
   * pipe that gives nothing holds up the settlement of the others.
   */
  public static <T, R> Pipe<R> combineLatest(
      String name,
      List<? extends Pipe<? extends T>> pipes,
      StageFunction<? super List<T>, ? extends R> combiner) {
    Objects.requireNonNull(combiner, "combiner");
    List<Pipe<Tagged<T>>> tagged = new ArrayList<>();
    for (Pipe<T> pipe : Pipes.<T>checked(pipes)) {
      int number = tagged.size();
      tagged.add(pipe.map(name + "/" + (number + 1), element -> new Tagged<>(number, element)));
    }
    return Pipe.merge(name + "/inputs", tagged)
        .via(
            name + "/latest",
            (Transforms.Ours<Tagged<T>, List<T>>) () -> new Latest<>(tagged.size()))
        .map(name, combiner);
  }

  /**
   * Combines each element of {@code pipe} with the latest element of {@code other}. Drops the
   * elements that come before the first one of {@code other}, and the elements of {@code other}
   * that are replaced unused. Ends with {@code pipe}.
   *
   * <p>Holds one element. Keeps the order of {@code pipe}. An element of {@code other} is settled
   * when it is taken: results only remember it.
   */
  public static <A, B, R> Pipe<R> withLatestFrom(
      String name,
      Pipe<A> pipe,
      Pipe<B> other,
      Combiner<? super A, ? super B, ? extends R> combiner) {
    Objects.requireNonNull(pipe, "pipe");
    Objects.requireNonNull(other, "other");
    Objects.requireNonNull(combiner, "combiner");
    Pipe<Object> end = end(name + "/end", Source.of(List.of(END)));
    Pipe<Object> untyped = pipe.map(name + "/element", element -> element);
    Pipe<Object> first = Pipe.concat(name + "/elements", List.of(untyped, end));
    Pipe<Object> second = other.map(name + "/other", element -> new Tagged<>(1, element));
    return Pipe.merge(name + "/inputs", List.of(first, second))
        .via(name + "/latest", (Transforms.Ours<Object, Pair<A, B>>) WithLatest::new)
        .map(name, pair -> combiner.apply(pair.left(), pair.right()));
  }

  /**
   * All elements of the pipe that the function returns for each element, one pipe after the other.
   * Keeps the order.
   *
   * <p>Each inner pipe is a run of its own, with a report of its own, in the context of the outer
   * run. Up to 16 of its elements wait for the outer run. Its first failure makes the outer element
   * a failure of this stage, with the same cause; results that were emitted stay emitted. When the
   * outer run stops, it ends the inner run, and waits for it. A drain of the outer run lets the
   * inner one finish.
   *
   * <p>An outer element is settled when all elements of its pipe have ended. An inner pipe must not
   * have a settling source: the outer element then becomes a failure. The resources of an inner
   * pipe are closed when this stage has taken its elements. Costs several threads for each inner
   * run: for small inner streams, use {@link Pipe#flatMap}.
   *
   * @param engine runs the inner pipes
   */
  public static <T, R> Pipe<R> concatMap(
      String name,
      Pipe<T> pipe,
      Engine engine,
      StageFunction<? super T, ? extends Pipe<R>> function) {
    return Objects.requireNonNull(pipe, "pipe").flatMapPipes(name, engine, function);
  }

  /**
   * Like {@link #concatMap}, with up to {@code parallelism} inner pipes at once. Their elements
   * come in the order in which they arrive. The elements of one inner pipe keep their order. As in
   * {@link Pipe#balance}, an outer element may wait for an inner pipe while fewer than {@code
   * parallelism} run. The stage with the function, in reports and failures, is {@code name +
   * "/each"}.
   */
  public static <T, R> Pipe<R> flatMap(
      String name,
      int parallelism,
      Pipe<T> pipe,
      Engine engine,
      StageFunction<? super T, ? extends Pipe<R>> function) {
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(function, "function");
    Pipe.atLeast(1, parallelism, "the parallelism");
    return Objects.requireNonNull(pipe, "pipe")
        .balance(name, parallelism, lane -> lane.flatMapPipes(name + "/each", engine, function));
  }

  /**
   * The elements of the pipe that the function returns for the latest element. When the next
   * element comes, the inner pipe of the one before is cancelled. So the elements come in the order
   * of the input, and the stages above never wait. An element that is replaced before its inner
   * pipe has started is dropped. The end of the input lets the last inner pipe finish.
   *
   * <p>Each inner pipe is a run of its own, as in {@link #concatMap}. An outer element is settled
   * when the elements of its pipe that were emitted have ended. The next inner pipe starts when no
   * thread of the one before is alive.
   */
  public static <T, R> Pipe<R> switchMap(
      String name,
      Pipe<T> pipe,
      Engine engine,
      StageFunction<? super T, ? extends Pipe<R>> function) {
    return pipe.via(name + "/latest", Expansion.<T>latest(false))
        .buffer(name + "/waiting", 1, Node.Overflow.DROP_OLDEST)
        .via(name, FlatMap.ofLatestPipes(engine, function));
  }
}
