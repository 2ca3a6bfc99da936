package dev.millrace.pipeline;

import dev.millrace.errors.Carrier;
import dev.millrace.pipeline.transform.Mapping;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Branches for {@link Pipe#through} that differ from each other: by the type of their elements, or
 * because they end in a sink of their own.
 *
 * <pre>{@code
 * pipe.through(
 *     Branches.route(
 *         "route",
 *         List.of(
 *             Branches.ofType(Order.class, orders -> orders.map("book", this::book)),
 *             Branches.ofType(Refund.class, refunds -> refunds.map("repay", this::repay)))));
 * }</pre>
 *
 * <p>Each branch runs in threads of its own, with a bound on the elements that wait before it. So a
 * branch that is full holds up the others. Elements of different branches overtake each other; in a
 * branch they keep their order.
 *
 * <p>The methods are thread-safe, and so are the values that they return.
 */
public final class Branches {

  /**
   * A branch for some of the elements.
   *
   * @param <T> the type of the elements to choose from
   * @param <R> the type of the results
   */
  public static final class Route<T, R> {
    private final StageFunction<? super T, Boolean> predicate;
    private final Function<Pipe<T>, Pipe<R>> build;

    private Route(StageFunction<? super T, Boolean> predicate, Function<Pipe<T>, Pipe<R>> build) {
      this.predicate = Objects.requireNonNull(predicate, "predicate");
      this.build = Objects.requireNonNull(build, "build");
    }
  }

  /** An element with the number of its branch. */
  private record Routed<T>(T element, int branch) implements Carrier<T> {
    @Override
    public String toString() {
      return element.toString();
    }
  }

  private Branches() {}

  /** A branch for the elements for which the predicate is true. */
  public static <T, R> Route<T, R> when(
      StageFunction<? super T, Boolean> predicate, Function<Pipe<T>, Pipe<R>> build) {
    return new Route<>(predicate, build);
  }

  /** A branch for the elements of a class; its stages get the elements as that class. */
  @SuppressWarnings("unchecked") // only elements of the class come into the branch
  public static <T, A extends T, R> Route<T, R> ofType(
      Class<A> type, Function<Pipe<A>, Pipe<R>> build) {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(build, "build");
    return new Route<>(type::isInstance, pipe -> build.apply((Pipe<A>) pipe));
  }

  /** A branch for the elements that no branch before it has taken. */
  public static <T, R> Route<T, R> otherwise(Function<Pipe<T>, Pipe<R>> build) {
    return new Route<>(element -> true, build);
  }

  /**
   * Gives each element to the first branch whose predicate is true for it. Emits the elements of
   * all branches, in the order in which they arrive. An element for which no predicate is true is
   * dropped. A predicate that throws makes a failure of the element.
   *
   * @throws IllegalArgumentException if there are no branches
   */
  public static <T, R> Function<Pipe<T>, Pipe<R>> route(
      String name, List<? extends Route<T, ? extends R>> routes) {
    List<Route<T, ? extends R>> all = List.copyOf(routes);
    if (all.isEmpty()) {
      throw new IllegalArgumentException("there are no branches");
    }
    return pipe -> {
      Pipe<Routed<T>> routed =
          pipe.via(name + "/route", (Transforms.OurMapping<T, Routed<T>>) () -> routing(all));
      List<Node.Branch<Routed<T>, R>> branches = new ArrayList<>();
      for (Route<T, ? extends R> each : all) {
        String lane = name + "/" + (branches.size() + 1);
        branches.add(
            routed.branch(lane, in -> built(each, in.map(lane + " element", Routed::element))));
      }
      return routed.fanOut(name, Node.Route.PARTITION, Routed::branch, branches);
    };
  }

  @SuppressWarnings("unchecked") // a pipe only gives elements
  private static <T, R> Pipe<R> built(Route<T, ? extends R> route, Pipe<T> pipe) {
    return (Pipe<R>) Objects.requireNonNull(route.build.apply(pipe), "a branch returned null");
  }

  private static <T, R> Mapping<T, Routed<T>> routing(List<Route<T, ? extends R>> routes) {
    return element -> {
      for (int i = 0; i < routes.size(); i++) {
        if (Transforms.result(routes.get(i).predicate.apply(element))) {
          return new Routed<>(element, i);
        }
      }
      return null;
    };
  }

  /** Like {@link #alsoTo(String, Sink, Consumer)}, for a sink whose result is not needed. */
  public static <T> UnaryOperator<Pipe<T>> alsoTo(String name, Sink<? super T, ?> sink) {
    return alsoTo(name, sink, result -> {});
  }

  /**
   * Gives each element to a sink as well, and passes it on. The slower one of the sink and the
   * stages below sets the speed. A sink that wants no more elements does not end the run.
   *
   * <p>An exception of the sink stops the run. An element is settled when both have ended it. When
   * one side wants no more elements, no later element is settled.
   *
   * @param onResult gets the result of the sink, when the input has ended and the sink has finished
   */
  public static <T, R extends @Nullable Object> UnaryOperator<Pipe<T>> alsoTo(
      String name, Sink<? super T, R> sink, Consumer<? super R> onResult) {
    checked(sink, onResult);
    return pipe ->
        pipe.broadcast(
            name, List.of(lane -> lane, lane -> into(lane, name + "/sink", sink, onResult)));
  }

  /** Like {@link #divertTo(String, StageFunction, Sink, Consumer)}, without the result. */
  public static <T> UnaryOperator<Pipe<T>> divertTo(
      String name, StageFunction<? super T, Boolean> predicate, Sink<? super T, ?> sink) {
    return divertTo(name, predicate, sink, result -> {});
  }

  /**
   * Gives the elements for which the predicate is true to a sink, and passes the others on. See
   * {@link #alsoTo(String, Sink, Consumer)}. When the sink wants no more elements, later ones for
   * it are dropped.
   */
  public static <T, R extends @Nullable Object> UnaryOperator<Pipe<T>> divertTo(
      String name,
      StageFunction<? super T, Boolean> predicate,
      Sink<? super T, R> sink,
      Consumer<? super R> onResult) {
    checked(sink, onResult);
    List<Route<T, T>> routes =
        List.of(
            when(predicate, lane -> into(lane, name + "/sink", sink, onResult)),
            otherwise(lane -> lane));
    return route(name, routes)::apply;
  }

  private static void checked(Sink<?, ?> sink, Consumer<?> onResult) {
    Objects.requireNonNull(sink, "sink");
    Objects.requireNonNull(onResult, "onResult");
  }

  private static <T, R extends @Nullable Object> Pipe<T> into(
      Pipe<T> pipe, String name, Sink<? super T, R> sink, Consumer<? super R> onResult) {
    Pipeline<R> end = Composition.completeBranch(pipe, sink);
    return untyped(end.node())
        .onFailure(FailurePolicy.stop())
        .via(name, () -> new SinkStage<T, R>(end.sink(), onResult));
  }

  @SuppressWarnings("unchecked") // the sink takes the elements of the node
  private static Pipe<Object> untyped(Node<?> node) {
    return new Pipe<>((Node<Object>) node);
  }
}
