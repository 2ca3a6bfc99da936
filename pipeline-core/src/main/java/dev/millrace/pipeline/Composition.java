package dev.millrace.pipeline;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks that nodes make a graph that an engine can run. Names are unique. Each node except the
 * last is the input of exactly one other node. Each branch begins with its own lane and ends where
 * it was built.
 *
 * <p>This class also checks that the graph is not too deep. Engines nest calls along the graph when
 * they plan a run, and when stages end or fail. A deep graph would overflow the stack. Sequential
 * stages cost little depth, because engines bound how many of them call each other.
 */
final class Composition {

  /**
   * The maximum depth. The last node has depth 1. The input of a stage is 1 deeper if the stage is
   * not sequential, or if it is the {@value #SEQUENTIAL}th sequential stage in a row. Both engines
   * overflow a stack of 1 MB, the default of a thread, at about 700 stages; earlier with a debugger
   * or in interpreted code.
   */
  static final int DEPTH = 200;

  /** The number of sequential stages in a row that add 1 to the depth. */
  static final int SEQUENTIAL = 100;

  /** A node, its depth, and the number of sequential stages in a row that follow it. */
  private record Place(Node<?> node, int depth, int sequential) {
    Place above(Node<?> input) {
      if (!(node instanceof Node.Sequential<?, ?>)) {
        return new Place(input, depth + 1, 0);
      }
      return sequential + 1 == SEQUENTIAL
          ? new Place(input, depth + 1, 0)
          : new Place(input, depth, sequential + 1);
    }
  }

  /** The name of the sink in reports and failures, in every pipeline. */
  private static final String SINK = "sink";

  /** The node at which a pipeline begins that is completed inside of a branch. */
  private static final ScopedValue<Node<?>> BRANCH = ScopedValue.newInstance();

  private final Set<String> names = new HashSet<>();
  private final Set<Node<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  private Composition() {}

  /**
   * Completes a pipe that is a part of a branch. Its nodes are checked with the whole graph, later.
   */
  static <T, R extends @Nullable Object> Pipeline<R> completeBranch(
      Pipe<T> pipe, Sink<? super T, R> sink) {
    return ScopedValue.where(BRANCH, pipe.node).call(() -> sink.complete(pipe));
  }

  static void check(Node<?> last) {
    new Composition().check(new Place(last, 1, 0), null);
  }

  /** Checks the node and all nodes above it. The only lane allowed among them is {@code lane}. */
  private void check(Place last, Node.@Nullable Lane<?> lane) {
    Deque<Place> open = new ArrayDeque<>();
    open.push(last);
    while (!open.isEmpty()) {
      Place place = open.pop();
      Node<?> node = place.node();
      if (place.depth() > DEPTH) {
        throw new IllegalArgumentException(
            "the pipeline is too deep at stage '%s': at most %d stages may follow each other, where %d sequential ones count as one. Write a pipeline that is wide instead, such as one merge of many pipes, or run it in parts that a channel connects"
                .formatted(node.name(), DEPTH, SEQUENTIAL));
      }
      if (BRANCH.isBound() && BRANCH.get() == node) {
        continue;
      }
      if (!seen.add(node)) {
        throw new IllegalArgumentException(
            "the pipe after stage '"
                + node.name()
                + "' is continued twice: use broadcast to give its elements to several stages");
      }
      if (node.name().equals(SINK)) {
        throw new IllegalArgumentException(
            "a stage must not be called 'sink': reports use this name for the end of the pipeline;"
                + " give the stage another name");
      }
      if (!names.add(node.name())) {
        throw new IllegalArgumentException(
            "two stages are called '" + node.name() + "': give each stage a name of its own");
      }
      if (node instanceof Node.Lane<?> && node != lane) {
        throw new IllegalArgumentException(
            "the pipe '" + node.name() + "' is used outside of the branch that it was given to");
      }
      node.inputs().forEach(input -> open.push(place.above(input)));
      if (node instanceof Node.FanOut<?, ?> out) {
        branches(out, place);
      }
    }
  }

  private void branches(Node.FanOut<?, ?> out, Place place) {
    Set<Node.Branch<?, ?>> checked = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Node.Branch<?, ?> branch : out.branches()) {
      if (checked.add(branch)) {
        check(place.above(branch.output()), branch.lane());
        if (!seen.contains(branch.lane())) {
          throw new IllegalArgumentException(
              "a branch of '"
                  + out.name()
                  + "' does not use the pipe that it is given, '"
                  + branch.lane().name()
                  + "'");
        }
      }
    }
  }
}
